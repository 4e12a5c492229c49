import {
  LabIcon,
  caretDownIcon,
  caretRightIcon,
  classes
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { KernelCard, LauncherCard } from './card';
import type { ILauncherHost } from './card';
import { emptinessOf } from './layout';
import type { ICategories, ISection } from './layout';
import { Trouble } from './status';
import { isWell } from '../providers/model';
import { staleness, stateSentence, stateWord } from '../text/messages';
import type { ICounts } from '../text/messages';
import { StateIcon } from '../components/stateicon';
import type { IProvider } from '../tokens';

interface ISectionProps {
  readonly section: ISection;
  readonly host: ILauncherHost;
  readonly categories: ICategories;
  readonly hasBadge: boolean;
  /** The provider whose state it shows; undefined if none, or if it is not known yet. */
  readonly provider: IProvider | undefined;
  readonly counts: ICounts;
}

interface IProviderSectionProps extends ISectionProps {
  readonly isCollapsed: boolean;
  readonly onToggle: () => void;
}

/** Ids of the elements that describe others. */
interface IIds {
  readonly body: string;
  readonly sentence: string;
}

/** A section as in the stock launcher. */
export function CategorySection({
  section,
  host,
  hasBadge,
  provider
}: ISectionProps): React.JSX.Element {
  const troubleId = React.useId();
  const first = section.cards[0]?.item;
  const args = { ...first?.args, cwd: host.cwd };
  const iconClass = first && host.commands.iconClass(first.command, args);
  return (
    <div className="jp-Launcher-section">
      <div className="jp-Launcher-sectionHeader">
        <LabIcon.resolveReact
          icon={first && host.commands.icon(first.command, args)}
          iconClass={classes(iconClass, 'jp-Icon-cover')}
          stylesheet="launcherSection"
          aria-hidden="true"
        />
        <h2 className="jp-Launcher-sectionTitle">{section.title}</h2>
      </div>
      {provider && <Trouble id={troubleId} provider={provider} host={host} />}
      <div className="jp-Launcher-cardContainer">
        {section.cards.map(card => (
          <LauncherCard
            key={card.key}
            card={card}
            host={host}
            category={section.title}
            hasBadge={hasBadge}
            describedBy={provider && troubleId}
          />
        ))}
      </div>
    </div>
  );
}

/** The section of a provider: its state, and its kernels. */
export function ProviderSection(
  props: IProviderSectionProps
): React.JSX.Element {
  const { section, provider, isCollapsed } = props;
  // Ages are told to the present, so they are told again to whoever looks.
  const [, tellAgain] = React.useReducer((times: number) => times + 1, 0);
  const ids: IIds = { body: React.useId(), sentence: React.useId() };
  const toggle = React.useRef<HTMLButtonElement>(null);
  const trouble = isCollapsed ? undefined : troubled(provider);
  return (
    <div
      className={classes(
        'jp-Launcher-section',
        'kpe-ProviderSection',
        troubled(provider) && 'kpe-mod-unwell'
      )}
      data-provider={section.providerId}
      data-state={provider?.state}
      onMouseEnter={tellAgain}
    >
      <Header
        {...props}
        ids={ids}
        toggle={toggle}
        isSentenceShown={trouble !== undefined}
        onFocus={tellAgain}
      />
      <div id={ids.body} hidden={isCollapsed}>
        {trouble && (
          <Trouble
            {...props}
            id={ids.sentence}
            provider={trouble}
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
  isSentenceShown,
  ids,
  toggle
}: IProviderSectionProps & {
  readonly ids: IIds;
  readonly toggle: React.Ref<HTMLButtonElement>;
  /** Whether the sentence about the state stands elsewhere. */
  readonly isSentenceShown: boolean;
  readonly onFocus: () => void;
}): React.JSX.Element {
  const { trans } = host;
  const now = new Date();
  const sentence = provider && stateSentence(provider, counts, trans, now);
  const stale = provider ? staleness(provider, trans, now) : '';
  const Caret = isCollapsed ? caretRightIcon : caretDownIcon;
  return (
    <div
      className="jp-Launcher-sectionHeader kpe-ProviderSection-header"
      title={sentence}
    >
      <h2 className="jp-Launcher-sectionTitle">
        <button
          ref={toggle}
          type="button"
          className="kpe-ProviderSection-toggle"
          aria-expanded={!isCollapsed}
          aria-controls={ids.body}
          aria-describedby={sentence && ids.sentence}
          onFocus={onFocus}
          onClick={onToggle}
        >
          <Caret.react tag="span" stylesheet="launcherSection" />
          {section.title}
        </button>
      </h2>
      {provider && (
        // The sentence says it, too.
        <span className="kpe-ProviderSection-state" aria-hidden="true">
          <StateIcon state={provider.state} />
          {stateWord(provider.state, trans)}
        </span>
      )}
      {stale !== '' && (
        <span className="kpe-ProviderSection-stale">{stale}</span>
      )}
      {!isSentenceShown && (
        <span id={ids.sentence} className="kpe-visually-hidden">
          {sentence}
        </span>
      )}
    </div>
  );
}

function Cards({
  section,
  host,
  categories,
  hasBadge,
  provider,
  ids
}: IProviderSectionProps & { readonly ids: IIds }): React.JSX.Element | null {
  if (section.cards.length === 0) {
    return provider && provider.state !== 'off' ? (
      <Empty provider={provider} host={host} />
    ) : null;
  }
  return (
    <div className="jp-Launcher-cardContainer">
      {section.cards.map(card => (
        <KernelCard
          key={card.key}
          card={card}
          host={host}
          category={card.item.category ?? categories.other}
          consoleCategory={categories.console}
          hasBadge={hasBadge}
          describedBy={troubled(provider) && ids.sentence}
        />
      ))}
    </div>
  );
}

/** Why a provider's section has no card. */
function Empty({
  provider,
  host: { trans }
}: {
  readonly provider: IProvider;
  readonly host: ILauncherHost;
}): React.JSX.Element {
  const emptiness = emptinessOf(provider);
  const { label } = provider;
  const text = {
    checking: trans.__('Asking %1 for its kernels', label),
    none: trans.__('%1 has no kernels.', label),
    unknown: trans.__('The kernels of %1 are not known yet.', label)
  }[emptiness];
  return (
    <p className="kpe-ProviderSection-empty" data-emptiness={emptiness}>
      {text}
    </p>
  );
}

/** The provider if there is trouble to tell of. */
function troubled(provider: IProvider | undefined): IProvider | undefined {
  return provider === undefined ||
    isWell(provider) ||
    provider.state === 'checking'
    ? undefined
    : provider;
}
