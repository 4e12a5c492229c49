import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { stateWord } from '../text/messages';
import type { IProvider, ProviderState } from '../tokens';

/** Tells screen readers of providers whose state has changed, and how much a search found. */
export function Announcer({
  providers,
  found,
  trans
}: {
  readonly providers: readonly IProvider[];
  /** How many cards a search has found; null while there is none. */
  readonly found: number | null;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  const before = React.useRef<ReadonlyMap<string, ProviderState> | null>(null);
  const [news, setNews] = React.useState<readonly string[]>([]);
  React.useEffect(() => {
    const changed = transitions(before.current, providers);
    before.current = new Map(providers.map(({ id, state }) => [id, state]));
    if (changed.length > 0) {
      setNews(
        changed.map(({ label, state }) =>
          trans.__('%1: %2', label, stateWord(state, trans))
        )
      );
    }
  }, [providers, trans]);
  return (
    // Only what is new is read out, not all of it again.
    <div className="kpe-visually-hidden" role="status" aria-atomic="false">
      {news.map(text => (
        <p key={text}>{text}</p>
      ))}
      {found !== null && <p>{trans._n('%1 result', '%1 results', found)}</p>}
    </div>
  );
}

/**
 * The providers whose state is another than before.
 *
 * @param before - States by id; null at the very first look, which is no news.
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
