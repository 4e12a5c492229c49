import type { Kernel } from '@jupyterlab/services';

import type { IKernelProviders } from '../tokens';

/**
 * Group running kernels by the id of their provider.
 *
 * @returns All providers in their order, then the ids of providers that were removed.
 */
export function kernelsByProvider(
  providers: Pick<IKernelProviders, 'providers' | 'idOf'>,
  running: Iterable<Kernel.IModel>
): ReadonlyMap<string, readonly Kernel.IModel[]> {
  const groups = new Map<string, Kernel.IModel[]>(
    providers.providers.map(({ id }) => [id, []])
  );
  for (const kernel of running) {
    const id = providers.idOf(kernel.name);
    groups.set(id, [...(groups.get(id) ?? []), kernel]);
  }
  return groups;
}
