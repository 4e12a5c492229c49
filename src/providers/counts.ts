import type { Kernel, KernelSpec } from '@jupyterlab/services';

import { NO_KERNELS } from '../state';
import type { IKernelCounts } from '../state';
import type { IKernelProviders } from '../tokens';

/**
 * Count the kernels of each provider.
 *
 * @param specs - The catalog; null if it is not known yet.
 * @param running - The running kernels of this server.
 *
 * @returns Counts by provider id; a provider without kernels has no entry.
 */
export function countKernels(
  providers: Pick<IKernelProviders, 'idOf'>,
  specs: KernelSpec.ISpecModels | null,
  running: Iterable<Kernel.IModel>
): Map<string, IKernelCounts> {
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
