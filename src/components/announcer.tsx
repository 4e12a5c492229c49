import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { stateWord } from '../text';
import type { IProvider, ProviderState } from '../tokens';

/** Tells screen readers which providers changed state, and how many results a search has. */
export function Announcer({
  providers,
  found,
  trans
}: {
  readonly providers: readonly IProvider[];
  /** The number of results of the search; null if there is no search. */
  readonly found: number | null;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  const before = React.useRef<ReadonlyMap<string, ProviderState> | null>(null);
  const [messages, setMessages] = React.useState<readonly string[]>([]);
  React.useEffect(() => {
    const changed = transitions(before.current, providers);
    before.current = new Map(providers.map(({ id, state }) => [id, state]));
    if (changed.length > 0) {
      setMessages(
        changed.map(({ label, state }) =>
          trans.__('%1: %2', label, stateWord(state, trans))
        )
      );
    }
  }, [providers, trans]);
  return (
    // Not atomic: a screen reader reads only the new paragraph.
    <div className="kpe-visually-hidden" role="status" aria-atomic="false">
      {messages.map(text => (
        <p key={text}>{text}</p>
      ))}
      {found !== null && <p>{trans._n('%1 result', '%1 results', found)}</p>}
    </div>
  );
}

/**
 * Return the providers whose state changed.
 *
 * @param before - The earlier states by id; null at first, when nothing has changed yet.
 */
export function transitions(
  before: ReadonlyMap<string, ProviderState> | null,
  providers: readonly IProvider[]
): IProvider[] {
  return before === null
    ? []
    : providers.filter(
        ({ id, state }) => before.has(id) && before.get(id) !== state
      );
}
