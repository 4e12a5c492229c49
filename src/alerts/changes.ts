import { isWell, needsAttention } from '../state';
import { LOCAL_ID } from '../tokens';
import type { IProvider, NotifyLevel, ProviderState } from '../tokens';

/** Milliseconds between two warnings about the same provider, at least. */
export const WARNING_INTERVAL = 60_000;

/** What the user knows about a provider. */
export interface IReported {
  /** The first state that was seen, or the last one that was reported. */
  readonly state: ProviderState;
  /** When the last warning was shown, in milliseconds; null if there was none. */
  readonly warnedAt: number | null;
}

/** The changes to report now. */
export interface IChanges {
  /** Providers that began to need attention, or need it for another reason. */
  readonly lost: readonly IProvider[];
  /** Providers that are available again. */
  readonly back: readonly IProvider[];
  /** Whether a change was held back, to be reported later. */
  readonly isWaiting: boolean;
  /** What the user knows after this, by provider id. */
  readonly reported: ReadonlyMap<string, IReported>;
}

/** `reported`, with the first states of providers that were not seen before. */
export function withNew(
  providers: readonly IProvider[],
  reported: ReadonlyMap<string, IReported>
): ReadonlyMap<string, IReported> {
  const after = new Map(reported);
  for (const { id, state } of providers) {
    if (id !== LOCAL_ID && state !== 'checking' && !after.has(id)) {
      after.set(id, { state, warnedAt: null });
    }
  }
  return after;
}

/**
 * Decide which changes to report.
 *
 * The first state of a provider is not a change. Each later change is reported once. A
 * provider that needs attention again within a minute is reported when the minute is
 * over, so that an unstable provider does not cause a stream of messages.
 *
 * @param reported - `reported` of the last call; empty at first.
 * @param now - The current time in milliseconds.
 */
export function changesOf(
  providers: readonly IProvider[],
  reported: ReadonlyMap<string, IReported>,
  level: NotifyLevel,
  now: number
): IChanges {
  const lost: IProvider[] = [];
  const back: IProvider[] = [];
  const after = new Map<string, IReported>();
  const known = withNew(providers, reported);
  let isWaiting = false;
  for (const provider of providers) {
    const { id, state } = provider;
    const before = known.get(id);
    if (before === undefined) {
      continue;
    }
    if (state === 'checking' || isSame(before.state, state)) {
      after.set(id, before);
    } else if (!needsAttention(provider)) {
      after.set(id, { state, warnedAt: before.warnedAt });
      if (level === 'all' && isWell(provider)) {
        back.push(provider);
      }
    } else if (level === 'none') {
      after.set(id, { state, warnedAt: before.warnedAt });
    } else if (
      before.warnedAt !== null &&
      now - before.warnedAt < WARNING_INTERVAL
    ) {
      isWaiting = true;
      after.set(id, before);
    } else {
      lost.push(provider);
      after.set(id, { state, warnedAt: now });
    }
  }
  return { lost, back, isWaiting, reported: after };
}

/** Whether a change from one state to the other is not worth a report. */
function isSame(a: ProviderState, b: ProviderState): boolean {
  return a === b || (isWell({ state: a }) && isWell({ state: b }));
}
