import {
  LabIcon,
  caretDownIcon,
  caretRightIcon,
  classes
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { StateIcon } from '../components';
import { isAvailable, isWell } from '../state';
import type { IKernelCounts } from '../state';
import { staleness, stateWord, statusText } from '../text';
import type { IProvider } from '../tokens';
import { KernelCard, LauncherCard } from './card';
import type { ILauncherHost } from './card';
import { CardList } from './cardlist';
import { emptyCauseOf } from './layout';
import type { ICategories, ISection } from './layout';
import { useRovingFocus } from './rovingfocus';
import { ProviderStatus } from './status';
import { WarningsButton } from './warnings';

interface ISectionProps {
  readonly section: ISection;
  readonly host: ILauncherHost;
  readonly categories: ICategories;
  readonly hasBadge: boolean;
  /**
   * Whether there are several places. If so, it is one tab stop; if not, it works as in
   * the stock launcher.
   */
  readonly isMixed: boolean;
  /** Whether it shows what a search has found. */
  readonly isSearching: boolean;
  /** The starred kernels; null if kernels cannot be starred. */
  readonly starred: ReadonlySet<string> | null;
  /** The provider whose status it shows; undefined if none, or if it is not known yet. */
  readonly provider: IProvider | undefined;
  readonly counts: IKernelCounts;
}

interface IProviderSectionProps extends ISectionProps {
  readonly isCollapsed: boolean;
  readonly onToggle: () => void;
}

/** Ids of elements that other elements refer to. */
interface IIds {
  readonly title: string;
  readonly body: string;
  /** The word for the state. */
  readonly state: string;
  /** The message or figures about the provider. */
  readonly status: string;
}

/** A section as in the stock launcher. */
export function CategorySection(props: ISectionProps): React.JSX.Element {
  const { section, host, hasBadge, isMixed, isSearching, starred, provider } =
    props;
  const statusId = React.useId();
  const titleId = React.useId();
  const first = section.cards[0]?.item;
  const args = { ...first?.args, cwd: host.cwd };
  const iconClass = first && host.commands.iconClass(first.command, args);
  const hasLanguage = hasLanguages(section);
  return (
    <div
      className="jp-Launcher-section"
      role="group"
      aria-labelledby={titleId}
      {...useRovingFocus(isMixed)}
    >
      <div className="jp-Launcher-sectionHeader">
        <LabIcon.resolveReact
          icon={first && host.commands.icon(first.command, args)}
          iconClass={classes(iconClass, 'jp-Icon-cover')}
          stylesheet="launcherSection"
          aria-hidden="true"
        />
        <h2 id={titleId} className="jp-Launcher-sectionTitle">
          {section.title}
        </h2>
      </div>
      {provider && (
        <ProviderStatus id={statusId} provider={provider} host={host} />
      )}
      {starred !== null && section.cards[0]?.hasLogo === true ? (
        <KernelCards
          {...props}
          isPlaceKnown={false}
          describedBy={provider && statusId}
        />
      ) : (
        <CardList
          section={section}
          isSearching={isSearching}
          trans={host.trans}
          renderCard={card => (
            <LauncherCard
              key={card.key}
              card={card}
              host={host}
              category={section.title}
              hasBadge={hasBadge}
              isMixed={isMixed}
              isPlaceKnown={false}
              hasLanguage={hasLanguage}
              describedBy={provider && statusId}
            />
          )}
        />
      )}
    </div>
  );
}

/** A section with kernels of all places, each with its place. */
export function ShortcutSection(props: ISectionProps): React.JSX.Element {
  const { section, isMixed } = props;
  const { trans } = props.host;
  const titleId = React.useId();
  const isOfStars = section.kind === 'starred';
  return (
    <div
      className="jp-Launcher-section kpe-ShortcutSection"
      role="group"
      aria-labelledby={titleId}
      {...useRovingFocus(isMixed)}
    >
      <div className="jp-Launcher-sectionHeader kpe-ShortcutSection-header">
        <h2 id={titleId} className="jp-Launcher-sectionTitle">
          {isOfStars ? trans.__('Starred') : trans.__('Recent')}
        </h2>
      </div>
      <KernelCards {...props} isPlaceKnown={false} />
    </div>
  );
}

/** The section of a provider: a header with its state, its message and its kernels. */
export function ProviderSection(
  props: IProviderSectionProps
): React.JSX.Element {
  const { section, provider, isCollapsed } = props;
  // The texts contain times, so they are rendered again when the user looks at them.
  const [, refresh] = React.useReducer((times: number) => times + 1, 0);
  const ids: IIds = {
    title: React.useId(),
    body: React.useId(),
    state: React.useId(),
    status: React.useId()
  };
  const toggle = React.useRef<HTMLButtonElement>(null);
  const explained = needingStatus(provider);
  const isExplained = explained !== undefined && !isCollapsed;
  return (
    <div
      className={classes(
        'jp-Launcher-section',
        'kpe-ProviderSection',
        explained && !isAvailable(explained) && 'kpe-mod-unavailable'
      )}
      role="group"
      aria-labelledby={ids.title}
      data-provider={section.providerId}
      data-state={provider?.state}
      {...useRovingFocus(props.isMixed)}
      onMouseEnter={refresh}
    >
      <Header
        {...props}
        ids={ids}
        toggle={toggle}
        isStatusShown={isExplained}
        onFocus={refresh}
      />
      <div id={ids.body} hidden={isCollapsed}>
        {isExplained && (
          <ProviderStatus
            {...props}
            id={ids.status}
            provider={explained}
            onFocusLost={() => toggle.current?.focus()}
          />
        )}
        {!isCollapsed && <Cards {...props} ids={ids} />}
      </div>
    </div>
  );
}

function Header({
  section,
  host,
  provider,
  counts,
  isCollapsed,
  onToggle,
  onFocus,
  isStatusShown,
  ids,
  toggle
}: IProviderSectionProps & {
  readonly ids: IIds;
  readonly toggle: React.Ref<HTMLButtonElement>;
  /** Whether the message is shown below the header. */
  readonly isStatusShown: boolean;
  readonly onFocus: () => void;
}): React.JSX.Element {
  const { trans } = host;
  const now = new Date();
  const status = provider && statusText(provider, counts, trans, now);
  const stale = provider ? staleness(provider, trans, now) : '';
  const Caret = isCollapsed ? caretRightIcon : caretDownIcon;
  return (
    <div
      className="jp-Launcher-sectionHeader kpe-ProviderSection-header"
      title={status}
    >
      <h2 className="jp-Launcher-sectionTitle">
        <button
          ref={toggle}
          id={ids.title}
          type="button"
          className="kpe-ProviderSection-toggle"
          aria-expanded={!isCollapsed}
          aria-controls={ids.body}
          aria-describedby={provider && `${ids.state} ${ids.status}`}
          onFocus={onFocus}
          onClick={onToggle}
        >
          <Caret.react tag="span" stylesheet="launcherSection" />
          {section.title}
        </button>
      </h2>
      {provider && (
        <span className="kpe-ProviderSection-state">
          <StateIcon state={provider.state} />
          <span id={ids.state}>{stateWord(provider.state, trans)}</span>
        </span>
      )}
      {provider && <WarningsButton provider={provider} host={host} />}
      {stale !== '' && (
        <span className="kpe-ProviderSection-stale">{stale}</span>
      )}
      {!isStatusShown && (
        <span id={ids.status} className="kpe-visually-hidden">
          {status}
        </span>
      )}
    </div>
  );
}

function Cards(
  props: IProviderSectionProps & { readonly ids: IIds }
): React.JSX.Element | null {
  const { section, host, provider, ids } = props;
  if (section.cards.length === 0) {
    return provider && provider.state !== 'off' ? (
      <Empty provider={provider} host={host} />
    ) : null;
  }
  return (
    <KernelCards
      {...props}
      isPlaceKnown
      describedBy={needingStatus(provider) && `${ids.state} ${ids.status}`}
    />
  );
}

/** Cards with console buttons, and with stars if there are many kernels. */
function KernelCards({
  section,
  host,
  categories,
  hasBadge,
  isMixed,
  isSearching,
  starred,
  isPlaceKnown,
  describedBy
}: ISectionProps & {
  readonly isPlaceKnown: boolean;
  readonly describedBy?: string | undefined;
}): React.JSX.Element {
  const hasLanguage = hasLanguages(section);
  return (
    <CardList
      section={section}
      isSearching={isSearching}
      trans={host.trans}
      renderCard={card => (
        <KernelCard
          key={card.key}
          card={card}
          host={host}
          category={card.item.category ?? categories.other}
          consoleCategory={categories.console}
          hasBadge={hasBadge}
          isMixed={isMixed}
          isPlaceKnown={isPlaceKnown}
          hasLanguage={hasLanguage}
          isStarred={starred && starred.has(card.kernelName)}
          describedBy={describedBy}
        />
      )}
    />
  );
}

/** Whether a list shows the languages of its kernels, which it does if they differ. */
function hasLanguages({ cards, isDense }: ISection): boolean {
  return isDense && new Set(cards.map(({ language }) => language)).size > 1;
}

/** Says why a provider's section has no cards. */
function Empty({
  provider,
  host: { trans }
}: {
  readonly provider: IProvider;
  readonly host: ILauncherHost;
}): React.JSX.Element {
  const cause = emptyCauseOf(provider);
  const text = {
    checking: trans.__('Loading kernels…'),
    none: trans.__('%1 has no kernels.', provider.label),
    unknown: trans.__('Its kernels appear once it has been reached.')
  }[cause];
  return (
    <p className="kpe-ProviderSection-empty" data-empty-cause={cause}>
      {text}
    </p>
  );
}

/** Return the provider if it needs attention or is off. */
function needingStatus(provider: IProvider | undefined): IProvider | undefined {
  return provider === undefined ||
    isWell(provider) ||
    provider.state === 'checking'
    ? undefined
    : provider;
}
