import type { TranslationBundle } from '@jupyterlab/translation';

import type { PlacementProblem } from '../naming';
import { isAvailable, isWell } from '../state';
import type { IKernelCounts } from '../state';
import type { IProvider, ProviderState } from '../tokens';
import { failureMessage } from './failures';

/** The word for a state; `tests/shared/states.json` has the words of both sides. */
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
    case 'blocked':
      return trans.__('Websocket blocked');
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
 * Describe the status of a provider in one line, without the word for its state.
 *
 * @param now - The current time.
 *
 * @returns Figures such as `42 ms · 8 kernels, 2 running`; or what is wrong, when the
 * provider was last seen, and when the server asks it again. May be empty.
 */
export function statusText(
  provider: IProvider,
  counts: IKernelCounts,
  trans: TranslationBundle,
  now: Date
): string {
  switch (provider.state) {
    case 'online':
    case 'slow':
      return joined(' · ', latency(provider, trans), kernels(counts, trans));
    case 'checking':
      return trans.__('%1 has not answered yet.', provider.label);
    case 'blocked':
      return failureMessage(provider, trans);
    case 'off':
      return provider.source === null || provider.may.includes('enable')
        ? ''
        : trans.__('To turn it on, edit %1.', provider.source);
    default:
      return joined(
        ' ',
        failureMessage(provider, trans),
        lastSeen(provider, trans, now),
        nextTry(provider, trans, now)
      );
  }
}

/**
 * Describe the status of a provider in a few words, such as `Online · 42 ms` or
 * `Offline · last seen 1:44 PM`.
 */
export function briefStatus(
  provider: IProvider,
  trans: TranslationBundle,
  now: Date
): string {
  const { lastSeen, state } = provider;
  const fact = isWell(provider)
    ? latency(provider, trans)
    : lastSeen !== null && !isAvailable(provider)
      ? trans.__('last seen %1', clock(lastSeen, now))
      : '';
  return joined(' · ', stateWord(state, trans), fact);
}

/** Say what is wrong with a placement, and how to fix it. */
export function placementText(
  problem: PlacementProblem,
  trans: TranslationBundle
): string {
  switch (problem.kind) {
    case 'field':
      return trans.__(
        'Unknown field {%1}. Use {kernel} and {provider}. Names do not change until this is fixed.',
        problem.field
      );
    case 'brace':
      return trans.__(
        'Unmatched brace. Use {kernel} and {provider}; double a brace to show it. Names do not change until this is fixed.'
      );
    case 'kernel':
      return trans.__(
        '{kernel} is missing. It stands for the name of the kernel. Names do not change until this is fixed.'
      );
  }
}

/** Say how old stale kernelspecs are; empty for a provider whose kernelspecs are fresh. */
export function staleness(
  provider: IProvider,
  trans: TranslationBundle,
  now: Date
): string {
  return provider.kernelspecs === 'stale' && provider.lastSeen !== null
    ? trans.__('kernels as of %1', clock(provider.lastSeen, now))
    : '';
}

function kernels(counts: IKernelCounts, trans: TranslationBundle): string {
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

/** Say when the server asks a provider again; empty if it does not. */
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
    ? trans.__('Retrying in %1 s.', seconds)
    : trans.__('Retrying now.');
}

/** Format a time of day; with the date unless it is today. */
export function clock(time: Date, now: Date): string {
  const isToday = time.toDateString() === now.toDateString();
  return time.toLocaleString(undefined, {
    ...(!isToday && { dateStyle: 'medium' }),
    timeStyle: 'short'
  });
}

/** Format how long something has lasted, to the second, e.g. `1 min 20 s`. */
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

/** Format how long ago something was, in the largest unit that fits, e.g. `3 min ago`. */
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

function joined(separator: string, ...parts: string[]): string {
  return parts.filter(part => part !== '').join(separator);
}
