import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IKernelProviders } from '../tokens';
import { kernelsByProvider } from './byprovider';

/**
 * Ask whether to shut down all kernels, with the number of kernels in each place.
 *
 * @param running - All running kernels of this server.
 */
export function shutdownAllText(
  providers: Pick<IKernelProviders, 'get' | 'providers' | 'idOf'>,
  running: Iterable<Kernel.IModel>,
  trans: TranslationBundle
): string {
  const groups = [...kernelsByProvider(providers, running)].filter(
    ([, kernels]) => kernels.length > 0
  );
  const counts = groups.map(([id, kernels]) =>
    trans.__('%1 on %2', kernels.length, providers.get(id)?.label ?? id)
  );
  return trans._n(
    'Shut down %1 kernel (%2)? Its variables will be lost.',
    'Shut down %1 kernels (%2)? Their variables will be lost.',
    groups.flatMap(([, kernels]) => kernels).length,
    counts.join(', ')
  );
}
