import type { KernelSpec } from '@jupyterlab/services';

import { providerOf } from './metadata';

/** Templates of display names, by the words that the settings have for them. */
export const PLACEMENTS: ReadonlyMap<string, string> = new Map([
  ['suffix', '{kernel} ({provider})'],
  ['prefix', '{provider}: {kernel}'],
  ['none', '{kernel}']
]);

/** The parts of a template: an escaped brace, a field, or an unmatched brace. */
const TEMPLATE_PART = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

/** Why a placement cannot be used: an unknown field, an unmatched brace, or no kernel. */
export type PlacementProblem =
  | { readonly kind: 'field'; readonly field: string }
  | { readonly kind: 'brace' }
  | { readonly kind: 'kernel' };

/**
 * Check a placement. The server has the same rules.
 *
 * @param placement - A word of `PLACEMENTS`, or a template with `{kernel}`, in which
 * `{{` and `}}` stand for braces.
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

/** Return the template of a placement, which may be a template itself. */
export function templateOf(placement: string): string {
  return PLACEMENTS.get(placement) ?? placement;
}

/**
 * Make the display name of a remote kernel.
 *
 * @param placement - A placement without a problem.
 * @param kernel - The kernel's display name at its provider.
 * @param provider - The provider's label.
 *
 * @returns The name; never empty, as a launcher shows its first letter.
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
 * Make display names unique: kernels that share one get their name in brackets, and a
 * number if the result is in use as well.
 *
 * The server has the same rules. It takes one pass, whatever the names are.
 *
 * @param wanted - Display names by kernel name.
 * @param taken - Display names of other kernels, which do not change.
 * @param inBrackets - Returns what stands in brackets for a kernel name.
 *
 * @returns Display names by kernel name, in the order of `wanted`.
 */
export function unique(
  wanted: ReadonlyMap<string, string>,
  taken: ReadonlySet<string>,
  inBrackets = (name: string): string => name
): Map<string, string> {
  const counts = new Map<string, number>();
  for (const text of [...wanted.values(), ...taken]) {
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const isShared = (text: string): boolean => (counts.get(text) ?? 0) > 1;
  const used = new Set(taken);
  for (const text of wanted.values()) {
    if (!isShared(text)) {
      used.add(text);
    }
  }
  const numbers = new Map<string, number>();
  const shown = new Map<string, string>();
  for (const [name, text] of wanted) {
    const given = isShared(text)
      ? unusedText(`${text} [${inBrackets(name)}]`, used, numbers)
      : text;
    used.add(given);
    shown.set(name, given);
  }
  return shown;
}

/**
 * Return a text that is not in use: the text itself, or with a number from 2 on.
 *
 * @param numbers - The last number by text; updated, so that none is tried twice.
 */
function unusedText(
  text: string,
  used: ReadonlySet<string>,
  numbers: Map<string, number>
): string {
  let number = numbers.get(text) ?? 1;
  let given = number === 1 ? text : `${text} (${String(number)})`;
  while (used.has(given)) {
    number += 1;
    given = `${text} (${String(number)})`;
  }
  numbers.set(text, number);
  return given;
}

/**
 * Give remote kernels the display names that the user wants, and put local kernels first.
 *
 * @param specs - The answer of `GET api/kernelspecs`; it is not changed.
 * @param placement - A placement without a problem; empty for the server's names.
 *
 * @returns A copy that shares the kernelspecs of local kernels.
 */
export function withDisplayNames(
  specs: KernelSpec.ISpecModels,
  placement: string
): KernelSpec.ISpecModels {
  const local: [string, KernelSpec.ISpecModel][] = [];
  const remote: [string, KernelSpec.ISpecModel][] = [];
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
  const named = remote.map(([name, spec]): [string, KernelSpec.ISpecModel] => {
    const display_name = shown.get(name);
    return [
      name,
      display_name === undefined ? spec : { ...spec, display_name }
    ];
  });
  return { ...specs, kernelspecs: Object.fromEntries([...local, ...named]) };
}
