import type { TranslationBundle } from '@jupyterlab/translation';
import { classes } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ICard } from './cards';
import type { ISection } from './layout';

/** The number of cards of a long list that are shown at first. */
const FIRST = 8;

/** The cards of a section. A long list shows only the first ones until the user wants all. */
export function CardList({
  section: { cards, isDense },
  isSearching,
  trans,
  renderCard
}: {
  readonly section: ISection;
  /** A search shows all that it finds. */
  readonly isSearching: boolean;
  readonly trans: TranslationBundle;
  readonly renderCard: (card: ICard) => React.JSX.Element;
}): React.JSX.Element {
  const [isWhole, setWhole] = React.useState(false);
  const list = React.useRef<HTMLDivElement>(null);
  const canGrow = isDense && !isSearching && cards.length > FIRST;
  React.useLayoutEffect(() => {
    if (isWhole) {
      cardsIn(list.current)[FIRST]?.focus();
    }
  }, [isWhole]);
  return (
    <>
      <div
        ref={list}
        className={classes(
          'jp-Launcher-cardContainer',
          isDense && 'kpe-mod-dense'
        )}
      >
        {(canGrow && !isWhole ? cards.slice(0, FIRST) : cards).map(renderCard)}
      </div>
      {canGrow && (
        <button
          type="button"
          className="jp-Button kpe-LauncherButton kpe-LauncherShowAll"
          aria-expanded={isWhole}
          onClick={() => {
            setWhole(!isWhole);
          }}
        >
          {isWhole
            ? trans.__('Show fewer')
            : trans.__('Show all %1', cards.length)}
        </button>
      )}
    </>
  );
}

function cardsIn(list: HTMLElement | null): HTMLElement[] {
  return [...(list?.querySelectorAll<HTMLElement>('.jp-LauncherCard') ?? [])];
}
