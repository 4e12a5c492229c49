import * as React from 'react';

import { Announcer } from '../components';
import { NO_KERNELS } from '../state';
import type { IKernelCounts } from '../state';
import type { IProblem, IProvider } from '../tokens';
import type { ILauncherHost } from './card';
import type { CollapsedSections } from './collapsed';
import { matching } from './layout';
import type { Adding, ICategories, ISection } from './layout';
import { Foot } from './foot';
import { Problems } from './problems';
import { NoMatch, SearchField } from './search';
import { CategorySection, ProviderSection, ShortcutSection } from './section';

/** The contents of a launcher. */
export interface ILauncherContents {
  readonly sections: readonly ISection[];
  readonly isSearchable: boolean;
  /** Whether there are several places. */
  readonly isMixed: boolean;
  readonly categories: ICategories;
  readonly providers: readonly IProvider[];
  readonly problems: readonly IProblem[];
  /** Counts of kernels by provider id. */
  readonly counts: ReadonlyMap<string, IKernelCounts>;
  readonly hasBadges: boolean;
  /** The starred kernels; null if kernels cannot be starred. */
  readonly starred: ReadonlySet<string> | null;
  readonly adding: Adding;
}

/** The text of a search, and the sections that the user collapsed in its results. */
interface ISearch {
  readonly text: string;
  readonly closed: readonly string[];
}

const NO_SEARCH: ISearch = { text: '', closed: [] };

/** The whole launcher: search field, sections and announcements. */
export function LauncherBody({
  host,
  contents,
  collapsed
}: {
  readonly host: ILauncherHost;
  readonly contents: ILauncherContents;
  readonly collapsed: CollapsedSections;
}): React.JSX.Element {
  const { sections, isSearchable, isMixed, providers } = contents;
  const { trans } = host;
  const [search, setSearch] = React.useState(NO_SEARCH);
  const input = React.useRef<HTMLInputElement>(null);
  const query = isSearchable ? search.text.trim() : '';
  const shown = React.useMemo(
    () => matching(sections, query),
    [sections, query]
  );
  const found = shown.reduce((sum, { cards }) => sum + cards.length, 0);

  // Search results start with all sections expanded.
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
      <div
        className="jp-Launcher-content"
        onKeyDown={event => {
          if (isMixed && isTyping(event) && input.current !== null) {
            // The character goes to the field, but for the usual shortcut of a search.
            input.current.focus();
            input.current.select();
            if (event.key === '/') {
              event.preventDefault();
            }
          }
        }}
      >
        {isSearchable && (
          <SearchField
            text={search.text}
            trans={trans}
            inputRef={input}
            onChange={text => {
              setSearch({ text, closed: [] });
            }}
            onAccept={() => {
              const first = shown
                .filter(({ providerId }) => !isCollapsed(providerId))
                .flatMap(({ cards }) => cards)[0];
              if (query !== '' && first !== undefined) {
                host.launch(first.item);
              }
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
            isSearching={query !== ''}
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
        {query === '' && <Foot host={host} adding={contents.adding} />}
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
  isSearching,
  isCollapsed,
  onToggle
}: {
  readonly section: ISection;
  readonly host: ILauncherHost;
  readonly contents: ILauncherContents;
  readonly isSearching: boolean;
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
    isMixed: contents.isMixed,
    isSearching,
    starred: contents.starred,
    provider: providers.find(({ id }) => id === providerId),
    counts: counts.get(providerId) ?? NO_KERNELS
  };
  switch (kind) {
    case 'starred':
    case 'recent':
      return <ShortcutSection {...shared} />;
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
      return <Problems problems={problems} host={host} />;
  }
}

function stateOf(
  providers: readonly IProvider[],
  id: string
): IProvider['state'] | undefined {
  return providers.find(provider => provider.id === id)?.state;
}

/** Whether a key types a character where there is no text field. */
function isTyping(event: React.KeyboardEvent): boolean {
  const isElsewhere = !(event.target instanceof HTMLInputElement);
  const isModified = event.altKey || event.ctrlKey || event.metaKey;
  // Space starts what has the focus.
  return isElsewhere && !isModified && /^\S$/u.test(event.key);
}
