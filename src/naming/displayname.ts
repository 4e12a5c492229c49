import type { KernelSpecJSON, KernelSpecsJSON } from '../tokens';

/** Where the provider's name stands in a display name, by the word used in settings. */
export const PLACEMENTS: ReadonlyMap<string, string> = new Map([
  ['suffix', '{kernel} ({provider})'],
  ['prefix', '{provider}: {kernel}'],
  ['none', '{kernel}']
]);

/** What a template is made of: an escaped brace, a field, or a brace that is neither. */
const TEMPLATE_PART = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

/** Why a placement cannot be used: another field, a stray brace, or no kernel. */
export type PlacementProblem =
  | { readonly kind: 'field'; readonly field: string }
  | { readonly kind: 'brace' }
  | { readonly kind: 'kernel' };

/**
 * Tell what is wrong with a placement.
 *
 * @param placement - A word of `PLACEMENTS`, or a template with `{kernel}`, in which
 * `{{` and `}}` stand for braces. These are the server's words and rules, too.
 *
 * @returns What is wrong; null if nothing is.
 */
export function placementProblem(placement: string): PlacementProblem | null {
  let hasKernel = false;
  for (const [part, field] of templateOf(placement).matchAll(TEMPLATE_PART)) {
    if (part === '{' || part === '}') {
      return { kind: 'brace' };
    }
    if (field !== undefined && field !== 'kernel' && field !== 'provider') {
      return { kind: 'field', field };
    }
    hasKernel ||= field === 'kernel';
  }
  return hasKernel ? null : { kind: 'kernel' };
}

/** The template that a placement stands for, which may be one itself. */
export function templateOf(placement: string): string {
  return PLACEMENTS.get(placement) ?? placement;
}

/**
 * The display name of a remote kernel; never empty, as a launcher needs a first letter.
 *
 * @param placement - A placement in which nothing is wrong.
 * @param kernel - The provider's own display name of the kernel.
 * @param provider - The provider's label.
 */
export function displayName(
  placement: string,
  kernel: string,
  provider: string
): string {
  const name = templateOf(placement).replace(
    TEMPLATE_PART,
    (part, field?: string) =>
      field === 'kernel'
        ? kernel
        : field === 'provider'
          ? provider
          : part.charAt(0)
  );
  return name.trim() || kernel || provider;
}

/**
 * Make display names unique: all kernels that share one get their name in brackets.
 *
 * @param wanted - Display names by kernel name.
 * @param taken - Display names that are given already.
 *
 * @returns Display names by kernel name; they depend on no order.
 */
export function unique(
  wanted: ReadonlyMap<string, string>,
  taken: ReadonlySet<string>
): Map<string, string> {
  const shown = new Map(wanted);
  for (;;) {
    const counts = new Map<string, number>();
    for (const text of [...taken, ...shown.values()]) {
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    const again = [...shown].filter(([, text]) => (counts.get(text) ?? 0) > 1);
    if (again.length === 0) {
      return shown;
    }
    for (const [name, text] of again) {
      shown.set(name, `${text} [${name}]`);
    }
  }
}

/** What the metadata of a kernelspec says about its provider; null for a local one. */
export function providerOf(
  spec: KernelSpecJSON
): { id: string; label: string; kernel: string } | null {
  const metadata = spec.metadata ?? {};
  const id = metadata['kernel_provider'];
  const label = metadata['kernel_provider_label'];
  const kernel = metadata['kernel_display_name'];
  return typeof id === 'string' &&
    typeof label === 'string' &&
    typeof kernel === 'string'
    ? { id, label, kernel }
    : null;
}

/**
 * Name the remote kernels as the user likes it, and put the local ones first.
 *
 * @param specs - The answer of `GET api/kernelspecs`; it is not changed.
 * @param placement - A placement in which nothing is wrong; empty for the server's names.
 *
 * @returns A copy in which the specs of local kernels are the same objects as before.
 */
export function withDisplayNames(
  specs: KernelSpecsJSON,
  placement: string
): KernelSpecsJSON {
  const local: [string, KernelSpecJSON][] = [];
  const remote: [string, KernelSpecJSON][] = [];
  const wanted = new Map<string, string>();
  for (const [name, spec] of Object.entries(specs.kernelspecs)) {
    if (spec === undefined) {
      continue;
    }
    const provider = providerOf(spec);
    if (provider === null) {
      local.push([name, spec]);
    } else {
      remote.push([name, spec]);
      if (placement !== '') {
        const { kernel, label } = provider;
        wanted.set(name, displayName(placement, kernel, label));
      }
    }
  }
  const shown = unique(wanted, new Set(local.map(([, s]) => s.display_name)));
  const named = remote.map(([name, spec]): [string, KernelSpecJSON] => {
    const display_name = shown.get(name);
    return [
      name,
      display_name === undefined ? spec : { ...spec, display_name }
    ];
  });
  return { ...specs, kernelspecs: Object.fromEntries([...local, ...named]) };
}
