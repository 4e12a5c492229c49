import { namePartsOf } from './parts';
import { providerOf } from './displayname';
import type { KernelSpecJSON } from '../tokens';

/**
 * Shorten a display name in the kernel's part, where that is long.
 *
 * @param spec - With the display name; that of a local kernel stays as it is.
 * @param limit - How many characters the kernel's part may have.
 *
 * @returns The name with an ellipsis within the kernel's part; the place is whole.
 */
export function shortName(spec: KernelSpecJSON, limit: number): string {
  const remote = providerOf(spec);
  if (remote === null) {
    return spec.display_name;
  }
  const { before, kernel, after } = namePartsOf(
    spec.display_name,
    remote.kernel,
    remote.label
  );
  return `${before}${withoutMiddle(kernel, limit)}${after}`;
}

/** A text with an ellipsis for its middle, if it has more characters than that. */
function withoutMiddle(text: string, limit: number): string {
  const characters = Array.from(text);
  if (characters.length <= limit) {
    return text;
  }
  const tail = Math.floor((limit - 1) / 2);
  const head = characters.slice(0, limit - 1 - tail).join('');
  const end = characters.slice(characters.length - tail).join('');
  return `${head.trimEnd()}…${end.trimStart()}`;
}
