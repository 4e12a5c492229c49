import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Announcer } from '../components/announcer';
import type { CollapsedSections } from './collapsed';
import { NO_KERNELS } from '../providers/counts';
import type { ILauncherHost } from './card';
import { NoMatch, SearchField } from './search';
import { CategorySection, ProviderSection } from './section';
import { matching } from './layout';
import type { ICategories, ISection } from './layout';
import type { ICounts } from '../text/messages';
import type { IProblemJSON, IProvider } from '../tokens';

/** What is in a launcher. */
export interface ILauncherContents {
  readonly sections: readonly ISection[];
  readonly isSearchable: boolean;
  readonly categories: ICategories;
  readonly providers: readonly IProvider[];
  readonly problems: readonly IProblemJSON[];
  /** How many kernels each provider has, by its id. */
  readonly counts: ReadonlyMap<string, ICounts>;
  readonly hasBadges: boolean;
}

/** What is searched for, and the sections that were closed among the results. */
interface ISearch {
  readonly text: string;
  readonly closed: readonly string[];
}

const NO_SEARCH: ISearch = { text: '', closed: [] };

/** All of a launcher. */
export function LauncherBody({
  host,
  contents,
  collapsed
}: {
  readonly host: ILauncherHost;
  readonly contents: ILauncherContents;
  readonly collapsed: CollapsedSections;
}): React.JSX.Element {
  const { sections, isSearchable, providers } = contents;
  const { trans } = host;
  const [search, setSearch] = React.useState(NO_SEARCH);
  const input = React.useRef<HTMLInputElement>(null);
  const query = isSearchable ? search.text.trim() : '';
  const shown = React.useMemo(
    () => matching(sections, query),
    [sections, query]
  );
  const found = shown.reduce((sum, { cards }) => sum + cards.length, 0);

  // Among the results of a search all is open, whatever is remembered.
  const isCollapsed = (id: string): boolean =>
    query === ''
      ? collapsed.has(id, stateOf(providers, id) === 'off')
      : search.closed.includes(id);
  const toggle = (id: string): void => {
    if (query === '') {
      collapsed.set(id, !isCollapsed(id));
    } else {
      const others = search.closed.filter(other => other !== id);
      const closed = isCollapsed(id) ? others : [...others, id];
      setSearch({ ...search, closed });
    }
  };
  return (
    <div className="jp-Launcher-body jp-zoom-target">
      <div className="jp-Launcher-content">
        {isSearchable && (
          <SearchField
            text={search.text}
            trans={trans}
            inputRef={input}
            onChange={text => {
              setSearch({ text, closed: [] });
            }}
          />
        )}
        <div className="jp-Launcher-cwd">
          <h3>{host.cwd}</h3>
        </div>
        {shown.map(section => (
          <Section
            key={section.key}
            section={section}
            host={host}
            contents={contents}
            isCollapsed={isCollapsed(section.providerId)}
            onToggle={toggle}
          />
        ))}
        {shown.length === 0 && query !== '' && (
          <NoMatch
            query={query}
            trans={trans}
            onClear={() => {
              setSearch(NO_SEARCH);
              input.current?.focus();
            }}
          />
        )}
        <Announcer
          providers={providers}
          found={query === '' ? null : found}
          trans={trans}
        />
      </div>
    </div>
  );
}

function Section({
  section,
  host,
  contents,
  isCollapsed,
  onToggle
}: {
  readonly section: ISection;
  readonly host: ILauncherHost;
  readonly contents: ILauncherContents;
  readonly isCollapsed: boolean;
  readonly onToggle: (id: string) => void;
}): React.JSX.Element {
  const { providers, counts, categories, hasBadges, problems } = contents;
  const { providerId, kind } = section;
  const shared = {
    section,
    host,
    categories,
    hasBadge: hasBadges,
    provider: providers.find(({ id }) => id === providerId),
    counts: counts.get(providerId) ?? NO_KERNELS
  };
  switch (kind) {
    case 'category':
      return <CategorySection {...shared} />;
    case 'provider':
      return (
        <ProviderSection
          {...shared}
          isCollapsed={isCollapsed}
          onToggle={() => {
            onToggle(providerId);
          }}
        />
      );
    case 'problems':
      return <Problems problems={problems} trans={host.trans} />;
  }
}

/** The providers that are left out, and why. */
function Problems({
  problems,
  trans
}: {
  readonly problems: readonly IProblemJSON[];
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  return (
    <div
      className="kpe-LauncherProblems"
      role="note"
      aria-label={trans.__('Kernel providers that are left out')}
    >
      {problems.map(({ id, source, sentence }) => (
        <p key={`${id} ${source}`} title={source}>
          {sentence}
        </p>
      ))}
    </div>
  );
}

function stateOf(
  providers: readonly IProvider[],
  id: string
): IProvider['state'] | undefined {
  return providers.find(provider => provider.id === id)?.state;
}
