import type { TranslationBundle } from '@jupyterlab/translation';

import { NO_KERNELS } from '../state';
import type { ISummary } from '../state';
import type { IProvider, ProviderState } from '../tokens';
import { statusText } from './messages';

/** Sum up in a few words, e.g. `1 of 3 providers offline`. */
export function summaryText(
  { affected, total }: ISummary,
  trans: TranslationBundle
): string {
  const areAll = (state: ProviderState): boolean =>
    affected.every(provider => provider.state === state);
  if (areAll('offline')) {
    return trans._n(
      '%2 of %1 provider offline',
      '%2 of %1 providers offline',
      total,
      affected.length
    );
  }
  if (areAll('blocked')) {
    return trans._n(
      '%2 of %1 provider: websocket blocked',
      '%2 of %1 providers: websocket blocked',
      total,
      affected.length
    );
  }
  return trans._n(
    '%2 of %1 provider unavailable',
    '%2 of %1 providers unavailable',
    total,
    affected.length
  );
}

/**
 * Describe the status of a provider without the countdown to the next attempt, so that
 * the text does not change each second.
 *
 * @param now - The current time.
 */
export function lastingStatusText(
  provider: IProvider,
  trans: TranslationBundle,
  now: Date
): string {
  return statusText({ ...provider, retryAt: null }, NO_KERNELS, trans, now);
}

/** Say how many providers are not loaded, e.g. `3 provider files were left out`. */
export function problemsText(count: number, trans: TranslationBundle): string {
  return trans._n(
    '%1 provider file was left out',
    '%1 provider files were left out',
    count
  );
}

/** Return the end of a path that is enough to recognise a file: its folder and its name. */
export function shortPath(path: string): string {
  const names = path.split(/[\\/]/);
  return names.length > 3 ? ['…', ...names.slice(-2)].join('/') : path;
}
