import { isWell } from '../providers/model';
import { isUnwell } from '../text/summary';
import { LOCAL_ID } from '../tokens';
import type { IProvider, NotifyLevel, ProviderState } from '../tokens';

/** Milliseconds from one message about a provider's trouble to the next. */
export const DAMPING = 60_000;

/** What is taken as known about a provider, as it was there from the start or was told. */
export interface ITold {
  readonly state: ProviderState;
  /** When people were last told of a trouble, in milliseconds; null if never. */
  readonly at: number | null;
}

/** What to tell now. */
export interface INews {
  /** Providers that cannot be used any more, or for another reason than before. */
  readonly lost: readonly IProvider[];
  /** Providers that can be used again. */
  readonly back: readonly IProvider[];
  /** Whether there is more to tell later. */
  readonly isWaiting: boolean;
  /** What is known after this, by provider id. */
  readonly told: ReadonlyMap<string, ITold>;
}

/**
 * Decide what is news.
 *
 * A provider's first state is none. Of each later one people are told once, and of a
 * trouble not again within a minute, so that a provider that comes and goes does not
 * make a stream of messages.
 *
 * @param told - What is known, as returned by the last call; empty at first.
 * @param now - The time in milliseconds.
 */
export function newsOf(
  providers: readonly IProvider[],
  told: ReadonlyMap<string, ITold>,
  level: NotifyLevel,
  now: number
): INews {
  const lost: IProvider[] = [];
  const back: IProvider[] = [];
  const after = new Map<string, ITold>();
  let isWaiting = false;
  for (const provider of providers.filter(({ id }) => id !== LOCAL_ID)) {
    const { id, state } = provider;
    const before = told.get(id);
    if (state === 'checking') {
      if (before !== undefined) {
        after.set(id, before);
      }
    } else if (before === undefined || isSame(before.state, state)) {
      after.set(id, before ?? { state, at: null });
    } else if (!isUnwell(provider)) {
      after.set(id, { state, at: before.at });
      if (level === 'all' && isWell(provider)) {
        back.push(provider);
      }
    } else if (level === 'none') {
      after.set(id, { state, at: before.at });
    } else if (before.at !== null && now - before.at < DAMPING) {
      isWaiting = true;
      after.set(id, before);
    } else {
      lost.push(provider);
      after.set(id, { state, at: now });
    }
  }
  return { lost, back, isWaiting, told: after };
}

/** Whether people need not be told one state after the other. */
function isSame(a: ProviderState, b: ProviderState): boolean {
  return a === b || (isWell({ state: a }) && isWell({ state: b }));
}
