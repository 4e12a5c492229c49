import type { TranslationBundle } from '@jupyterlab/translation';
import { LabIcon, classes, consoleIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { initialOf, KernelLogo } from '../components';
import type { INameParts } from '../naming';
import { isSameCard } from './cards';
import type { ICard, LauncherItem } from './cards';

/** What the parts of a launcher use; the same object as long as the launcher exists. */
export interface ILauncherHost {
  readonly commands: CommandRegistry;
  readonly cwd: string;
  readonly trans: TranslationBundle;
  /** Execute the command of an item, and replace the launcher by the result. */
  launch(item: LauncherItem): void;
}

interface ICardProps {
  readonly card: ICard;
  readonly host: ILauncherHost;
  /** The value of `data-category` of the card. */
  readonly category: string;
  readonly hasBadge: boolean;
  /** Ids of the elements that say why its kernel may not start. */
  readonly describedBy?: string;
}

interface IKernelCardProps extends ICardProps {
  /** The value of `data-category` of the console button. */
  readonly consoleCategory: string;
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
    describedBy
  }: ICardProps): React.JSX.Element => {
    const launch = (): void => {
      host.launch(card.item);
    };
    return (
      <div
        className="jp-LauncherCard"
        title={card.title}
        role="button"
        tabIndex={0}
        data-category={category}
        aria-describedby={describedBy}
        onClick={launch}
        onKeyDown={event => {
          if (event.key === 'Enter' || event.key === ' ') {
            event.preventDefault();
            launch();
          }
        }}
      >
        <div className="jp-LauncherCard-icon">
          {card.hasLogo ? (
            <KernelLogo
              url={card.item.kernelIconUrl}
              name={card.parts.kernel || card.label}
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
          <Name parts={card.parts} />
        </div>
      </div>
    );
  },
  areSame
);
LauncherCard.displayName = 'LauncherCard';

/** The card of a remote kernel: it starts a notebook, and has a button for a console. */
export const KernelCard = React.memo(
  (props: IKernelCardProps): React.JSX.Element => {
    const { consoleCategory, ...others } = props;
    const { card, host } = props;
    const { consoleItem } = card;
    const title = host.trans.__('Console: %1', card.label);
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
            data-category={consoleCategory}
            onClick={() => {
              host.launch(consoleItem);
            }}
          >
            <consoleIcon.react tag="span" width="16px" height="16px" />
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

/** A display name of which only the kernel's part is cut off if it is too long. */
function Name({ parts }: { parts: INameParts }): React.JSX.Element {
  const { before, kernel, after } = parts;
  return before === '' && after === '' ? (
    <p>{kernel}</p>
  ) : (
    <p>
      {before !== '' && (
        <span className="kpe-LauncherCard-provider">{before}</span>
      )}
      <span className="kpe-LauncherCard-kernel">{kernel}</span>
      {after !== '' && (
        <span className="kpe-LauncherCard-provider">{after}</span>
      )}
    </p>
  );
}
