import type { Kernel, KernelSpec } from '@jupyterlab/services';

import type { ICounts } from '../text/messages';
import type { IKernelProviders } from '../tokens';

/** The counts of a provider that has no kernel. */
export const NO_KERNELS: ICounts = { kernels: 0, running: 0 };

/**
 * Count the kernels of each provider.
 *
 * @param specs - What can be started; null if that is not known yet.
 * @param running - The kernels that run.
 *
 * @returns Counts by provider id; those that have none are missing.
 */
export function countKernels(
  providers: Pick<IKernelProviders, 'idOf'>,
  specs: KernelSpec.ISpecModels | null,
  running: Iterable<Kernel.IModel>
): Map<string, ICounts> {
  const counts = new Map<string, { kernels: number; running: number }>();
  const of = (kernelName: string): { kernels: number; running: number } => {
    const id = providers.idOf(kernelName);
    const known = counts.get(id) ?? { ...NO_KERNELS };
    counts.set(id, known);
    return known;
  };
  for (const name of Object.keys(specs?.kernelspecs ?? {})) {
    of(name).kernels += 1;
  }
  for (const { name } of running) {
    of(name).running += 1;
  }
  return counts;
}
