import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IKernelProviders } from '../tokens';

/**
 * Ask whether to shut down all kernels, with the number of kernels in each place.
 *
 * @param running - All running kernels of this server.
 */
export function shutdownAllText(
  providers: Pick<IKernelProviders, 'providers' | 'idOf'>,
  running: Iterable<Kernel.IModel>,
  trans: TranslationBundle
): string {
  const ids = [...running].map(({ name }) => providers.idOf(name));
  const counts = providers.providers
    .map(({ id, label }) => ({
      label,
      count: ids.filter(other => other === id).length
    }))
    .filter(({ count }) => count > 0)
    .map(({ label, count }) => trans.__('%1 on %2', count, label));
  return trans._n(
    'Shut down %1 kernel (%2)? Its variables will be lost.',
    'Shut down %1 kernels (%2)? Their variables will be lost.',
    ids.length,
    counts.join(', ')
  );
}
