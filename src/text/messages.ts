import type { TranslationBundle } from '@jupyterlab/translation';

import { failureSentence } from './failures';
import type { PlacementProblem } from '../naming/displayname';
import type { IProvider, ProviderState } from '../tokens';

/** How many kernels a provider has. */
export interface ICounts {
  /** Kernels that can be started. */
  readonly kernels: number;
  readonly running: number;
}

/** The word for a state, the same in every interface. */
export function stateWord(
  state: ProviderState,
  trans: TranslationBundle
): string {
  switch (state) {
    case 'checking':
      return trans.__('Checking…');
    case 'online':
      return trans.__('Online');
    case 'slow':
      return trans.__('Slow');
    case 'offline':
      return trans.__('Offline');
    case 'unauthorised':
      return trans.__('Sign-in needed');
    case 'incompatible':
      return trans.__('Not compatible');
    case 'off':
      return trans.__('Off');
  }
}

/**
 * How a provider is, as one line.
 *
 * @param now - The time to which ages are told.
 *
 * @returns E.g. `Online · 42 ms · 8 kernels, 2 running`, or why the provider is not
 * well, since when, and what happens next.
 */
export function stateSentence(
  provider: IProvider,
  counts: ICounts,
  trans: TranslationBundle,
  now: Date
): string {
  const word = stateWord(provider.state, trans);
  switch (provider.state) {
    case 'online':
    case 'slow': {
      const parts = [word, latency(provider, trans), kernels(counts, trans)];
      return parts.filter(part => part !== '').join(' · ');
    }
    case 'checking':
      return trans.__('Asking %1 for its kernels', provider.label);
    case 'off':
      return provider.source === null
        ? word
        : trans.__('Turned off in %1', provider.source);
    default:
      return [
        trans.__('%1.', word),
        failureSentence(provider, trans),
        lastSeen(provider, trans, now),
        nextTry(provider, trans, now)
      ]
        .filter(part => part !== '')
        .join(' ');
  }
}

/** What is wrong with a template for names, and what to do. */
export function placementSentence(
  problem: PlacementProblem,
  trans: TranslationBundle
): string {
  switch (problem.kind) {
    case 'field':
      return trans.__(
        'There is no {%1}. Use {kernel}, and {provider} if you like. Until then, names stay as they are.',
        problem.field
      );
    case 'brace':
      return trans.__(
        'A brace stands alone. Write {kernel} and {provider}; double a brace to show it. Until then, names stay as they are.'
      );
    case 'kernel':
      return trans.__(
        'The kernel is missing. Put {kernel} where its name should stand. Until then, names stay as they are.'
      );
  }
}

/** Since when the kernels are known; empty for those of a provider that is well. */
export function staleness(
  provider: IProvider,
  trans: TranslationBundle,
  now: Date
): string {
  return provider.kernelspecs === 'stale' && provider.lastSeen !== null
    ? trans.__('kernels as of %1', clock(provider.lastSeen, now))
    : '';
}

/** How many kernels there are, and how many of them run. */
function kernels(counts: ICounts, trans: TranslationBundle): string {
  const all = trans._n('%1 kernel', '%1 kernels', counts.kernels);
  return counts.running === 0
    ? all
    : trans.__('%1, %2 running', all, counts.running);
}

function latency(provider: IProvider, trans: TranslationBundle): string {
  if (provider.latency === null) {
    return '';
  }
  return provider.state === 'slow'
    ? trans.__('answers in %1 s', (provider.latency / 1000).toFixed(1))
    : trans.__('%1 ms', provider.latency);
}

function lastSeen(
  { lastSeen }: IProvider,
  trans: TranslationBundle,
  now: Date
): string {
  return lastSeen === null
    ? ''
    : trans.__('Last seen %1.', clock(lastSeen, now));
}

/** When the server asks a provider again by itself; empty if it does not. */
export function nextTry(
  { retryAt, state }: IProvider,
  trans: TranslationBundle,
  now: Date
): string {
  if (retryAt === null || state === 'checking') {
    return '';
  }
  const seconds = Math.ceil((retryAt.getTime() - now.getTime()) / 1000);
  return seconds > 0
    ? trans.__('Trying again in %1 s.', seconds)
    : trans.__('Trying again now.');
}

/** The time of a day, with the day unless that is today. */
export function clock(time: Date, now: Date): string {
  const isToday = time.toDateString() === now.toDateString();
  return time.toLocaleString(undefined, {
    ...(!isToday && { dateStyle: 'medium' }),
    timeStyle: 'short'
  });
}

/** How long something has lasted, to the second, e.g. `1 min 20 s`. */
export function duration(
  since: Date,
  trans: TranslationBundle,
  now: Date
): string {
  const all = Math.floor((now.getTime() - since.getTime()) / 1000);
  const seconds = Math.max(0, all);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours > 0) {
    return trans.__('%1 h %2 min', hours, minutes % 60);
  }
  return minutes > 0
    ? trans.__('%1 min %2 s', minutes, seconds % 60)
    : trans.__('%1 s', seconds);
}

/** How long ago something was, in the largest unit that fits, e.g. `3 min ago`. */
export function age(time: Date, trans: TranslationBundle, now: Date): string {
  const seconds = Math.max(0, (now.getTime() - time.getTime()) / 1000);
  if (seconds < 60) {
    return trans.__('just now');
  }
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    return trans.__('%1 min ago', minutes);
  }
  const hours = Math.floor(minutes / 60);
  if (hours < 24) {
    return trans.__('%1 h ago', hours);
  }
  const days = Math.floor(hours / 24);
  return trans._n('%1 day ago', '%1 days ago', days);
}
