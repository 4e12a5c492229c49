import type { TranslationBundle } from '@jupyterlab/translation';

import { NO_KERNELS } from '../providers/counts';
import { isWell } from '../providers/model';
import { stateSentence } from './messages';
import { LOCAL_ID } from '../tokens';
import type { IProvider } from '../tokens';

/** How the remote providers are, those that are switched off aside. */
export interface ISummary {
  /** Those that cannot be used. */
  readonly unwell: readonly IProvider[];
  /** How many there are, well or not. */
  readonly total: number;
}

/** Whether a provider is known to be of no use now, although it is switched on. */
export function isUnwell(provider: IProvider): boolean {
  return (
    !isWell(provider) &&
    provider.state !== 'checking' &&
    provider.state !== 'off'
  );
}

/** Sum up how providers are. */
export function summaryOf(providers: readonly IProvider[]): ISummary {
  const remote = providers.filter(
    ({ id, state }) => id !== LOCAL_ID && state !== 'off'
  );
  return { unwell: remote.filter(isUnwell), total: remote.length };
}

/** A summary in a few words, e.g. `1 of 3 providers offline`. */
export function summaryText(
  { unwell, total }: ISummary,
  trans: TranslationBundle
): string {
  return unwell.every(({ state }) => state === 'offline')
    ? trans._n(
        '%2 of %1 provider offline',
        '%2 of %1 providers offline',
        total,
        unwell.length
      )
    : trans._n(
        '%2 of %1 provider cannot be used',
        '%2 of %1 providers cannot be used',
        total,
        unwell.length
      );
}

/**
 * Why a provider cannot be used, in a line that stays true for as long as it cannot.
 *
 * @param now - The time to which ages are told.
 */
export function lastingSentence(
  provider: IProvider,
  trans: TranslationBundle,
  now: Date
): string {
  return stateSentence({ ...provider, retryAt: null }, NO_KERNELS, trans, now);
}
