import type { TranslationBundle } from '@jupyterlab/translation';
import { LabIcon, classes, consoleIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { initialOf, KernelLabel, KernelLogo, Star } from '../components';
import { isSameCard } from './cards';
import type { ICard, LauncherItem } from './cards';

/** What the parts of a launcher use; the same object as long as the launcher exists. */
export interface ILauncherHost {
  readonly commands: CommandRegistry;
  readonly cwd: string;
  readonly trans: TranslationBundle;
  /** Execute the command of an item, and replace the launcher by the result. */
  launch(item: LauncherItem): void;
  /** Star a kernel, or remove its star. */
  star(kernelName: string, isStarred: boolean): void;
  /** Do not show the hint about adding a provider again. */
  dismissHint(): void;
  /** Return the item that starts a console of a kernel; undefined if none does. */
  itemOf(kernelName: string, kind: 'console'): LauncherItem | undefined;
}

interface ICardProps {
  readonly card: ICard;
  readonly host: ILauncherHost;
  /** The value of `data-category` of the card. */
  readonly category: string;
  readonly hasBadge: boolean;
  /** Whether there are several places; if not, it works as in the stock launcher. */
  readonly isMixed: boolean;
  /** Whether its section is that of a provider. */
  readonly isPlaceKnown: boolean;
  /** Whether it shows the language of its kernel. */
  readonly hasLanguage: boolean;
  /** Ids of the elements that say why its kernel may not start. */
  readonly describedBy?: string;
}

interface IKernelCardProps extends ICardProps {
  /** The value of `data-category` of the console button. */
  readonly consoleCategory: string;
  /** Whether its kernel is starred; null if kernels cannot be starred. */
  readonly isStarred: boolean | null;
}

/**
 * Whether a card need not be rendered again. The cards are made anew for each rendering of
 * the launcher, and there may be thousands.
 */
function areSame<P extends ICardProps>(before: P, after: P): boolean {
  const keys = Object.keys({ ...before, ...after }) as (keyof P)[];
  return keys.every(key =>
    key === 'card'
      ? isSameCard(before.card, after.card)
      : before[key] === after[key]
  );
}

/** A card with the classes, titles and attributes of the stock launcher. */
export const LauncherCard = React.memo(
  ({
    card,
    host,
    category,
    hasBadge,
    isMixed,
    isPlaceKnown,
    hasLanguage,
    describedBy
  }: ICardProps): React.JSX.Element => {
    const launch = (item = card.item): void => {
      host.launch(item);
    };
    const launchConsole = (): void => {
      launch(card.consoleItem ?? host.itemOf(card.kernelName, 'console'));
    };
    return (
      <div
        className="jp-LauncherCard"
        title={card.title}
        role="button"
        tabIndex={0}
        data-category={category}
        aria-describedby={describedBy}
        onClick={() => {
          launch();
        }}
        onKeyDown={event => {
          if (event.key === 'Enter' || event.key === ' ') {
            event.preventDefault();
            if (isMixed && (event.ctrlKey || event.metaKey)) {
              launchConsole();
            } else {
              launch();
            }
          }
        }}
      >
        <div className="jp-LauncherCard-icon">
          {card.hasLogo ? (
            <KernelLogo
              url={card.item.kernelIconUrl}
              name={card.ownName}
              imageClass="jp-Launcher-kernelIcon"
              letterClass="jp-LauncherCard-noKernelIcon"
            />
          ) : (
            <CommandIcon card={card} host={host} />
          )}
          {hasBadge && card.remoteLabel !== '' && (
            <span className="kpe-LauncherCard-badge" aria-hidden="true">
              {initialOf(card.remoteLabel)}
            </span>
          )}
        </div>
        <div className="jp-LauncherCard-label">
          <p>
            <KernelLabel label={card.shown} isPlaceKnown={isPlaceKnown} />
          </p>
          {hasLanguage && (
            <span className="kpe-LauncherCard-language">{card.language}</span>
          )}
        </div>
      </div>
    );
  },
  areSame
);
LauncherCard.displayName = 'LauncherCard';

/**
 * The card of a kernel: it starts a notebook, has a button for a console, and a star if
 * there are many kernels.
 */
export const KernelCard = React.memo(
  (props: IKernelCardProps): React.JSX.Element => {
    const { consoleCategory, isStarred, ...others } = props;
    const { card, host } = props;
    const { consoleItem } = card;
    const title = host.trans.__('Console: %1', card.label);
    const starTitle = host.trans.__('Star: %1', card.label);
    return (
      // Siblings, as screen readers cannot tell nested buttons apart.
      <div className="kpe-KernelCard" data-kernel={card.kernelName}>
        <LauncherCard {...others} />
        {consoleItem !== null && (
          <button
            type="button"
            className="kpe-KernelCard-console"
            title={title}
            aria-label={title}
            // Ctrl+Enter on the card does the same.
            tabIndex={-1}
            data-category={consoleCategory}
            onClick={() => {
              host.launch(consoleItem);
            }}
          >
            <consoleIcon.react tag="span" width="16px" height="16px" />
          </button>
        )}
        {isStarred !== null && card.kernelName !== '' && (
          <button
            type="button"
            className="kpe-KernelCard-star"
            title={starTitle}
            aria-label={starTitle}
            aria-pressed={isStarred}
            // The context menu of the card does the same.
            tabIndex={-1}
            onClick={() => {
              host.star(card.kernelName, !isStarred);
            }}
          >
            <Star isFull={isStarred} />
          </button>
        )}
      </div>
    );
  },
  areSame
);
KernelCard.displayName = 'KernelCard';

function CommandIcon({
  card,
  host
}: Pick<ICardProps, 'card' | 'host'>): React.JSX.Element {
  const { commands, cwd } = host;
  const { command, args } = card.item;
  const iconClass = commands.iconClass(command, { ...args, cwd });
  return (
    <LabIcon.resolveReact
      icon={commands.icon(command, { ...args, cwd })}
      iconClass={classes(iconClass, 'jp-Icon-cover')}
      stylesheet="launcherCard"
    />
  );
}
