import type { KernelSpec } from '@jupyterlab/services';

import { displayName } from './displayname';
import { providerOf } from './metadata';
import { namePartsOf } from './parts';

/**
 * Shorten the display name of a remote kernel; names of local kernels stay the same.
 *
 * @param spec - The kernelspec with the display name.
 * @param limit - The number of characters that the kernel's part may have.
 *
 * @returns The name, with an ellipsis in a long kernel's part. The provider's part is
 * never shortened.
 */
export function shortName(spec: KernelSpec.ISpecModel, limit: number): string {
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

/**
 * Shorten a remote kernel's own name, for use beside its place.
 *
 * @param template - The administrator's template of display names.
 *
 * @returns The kernel's own name with at most `limit` characters. It is `shortName` if the
 * display name does not follow the template: it then has what tells two kernels apart.
 */
export function shortOwnName(
  spec: KernelSpec.ISpecModel,
  template: string,
  limit: number
): string {
  const remote = providerOf(spec);
  return remote !== null &&
    spec.display_name === displayName(template, remote.kernel, remote.label)
    ? withoutMiddle(remote.kernel, limit)
    : shortName(spec, limit);
}

/** Replace the middle of a text by an ellipsis, if it has more than `limit` characters. */
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
