import type { TranslationBundle } from '@jupyterlab/translation';

import type { IProbe } from '../providers';

/** Say what a provider has: `8 kernels, Jupyter Server 2.21.0, 38 ms`. */
export function foundText(found: IProbe, trans: TranslationBundle): string {
  const { kernels, server, latency_ms: latency } = found;
  return [
    trans._n('%1 kernel', '%1 kernels', kernels),
    server,
    latency === null ? '' : trans.__('%1 ms', latency)
  ]
    .filter(Boolean)
    .join(', ');
}

/** Say what happens to kernels of a provider that goes away; empty if there are none. */
export function leftRunningText(
  count: number,
  trans: TranslationBundle
): string {
  return count === 0
    ? ''
    : trans._n(
        '%1 kernel keeps running there.',
        '%1 kernels keep running there.',
        count
      );
}
