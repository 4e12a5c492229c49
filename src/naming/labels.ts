import type { KernelSpec } from '@jupyterlab/services';

import { NAME_SEPARATOR } from '../tokens';
import { unique } from './displayname';
import { providerOf } from './metadata';

/** The texts of a kernel in a list; no other remote kernel has the same two. */
export interface IKernelLabel {
  readonly name: string;
  /** The label of its provider; empty if it is local, or if the name has the place. */
  readonly place: string;
}

/**
 * Label the kernels for lists, in which the place is a heading or a line of its own.
 *
 * A remote kernel has its own name there. Kernels of one provider that share a name get
 * their names at the provider in brackets.
 *
 * @param specs - The catalog; null if it is not known yet.
 * @param placement - The user's placement, which is seen in lists as well; empty if the
 * user has chosen none.
 *
 * @returns The labels by kernel name.
 */
export function kernelLabels(
  specs: KernelSpec.ISpecModels | null,
  placement: string
): ReadonlyMap<string, IKernelLabel> {
  const labels = new Map<string, IKernelLabel>();
  const byPlace = new Map<string, Map<string, string>>();
  for (const [name, spec] of Object.entries(specs?.kernelspecs ?? {})) {
    const remote = spec && placement === '' ? providerOf(spec) : null;
    if (spec !== undefined && remote === null) {
      labels.set(name, { name: spec.display_name, place: '' });
    } else if (remote !== null) {
      const wanted = byPlace.get(remote.label) ?? new Map<string, string>();
      byPlace.set(
        remote.label,
        wanted.set(name, asShown(remote.kernel) || nameAtProvider(name))
      );
    }
  }
  for (const [place, wanted] of byPlace) {
    for (const [name, text] of unique(wanted, new Set(), nameAtProvider)) {
      labels.set(name, { name: text, place });
    }
  }
  return labels;
}

/** Return a text as a page shows it. */
function asShown(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}

/** Return the name of a kernel without the prefix of its provider. */
export function nameAtProvider(name: string): string {
  return name.slice(name.indexOf(NAME_SEPARATOR) + 1);
}
