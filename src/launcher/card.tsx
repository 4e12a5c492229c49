import type { TranslationBundle } from '@jupyterlab/translation';
import { LabIcon, classes, consoleIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { initialOf, KernelLogo } from '../components/kernellogo';
import type { ICard, LauncherItem } from './cards';
import type { INameParts } from '../naming/parts';

/** What the parts of a launcher need of it; stays the same as long as the launcher. */
export interface ILauncherHost {
  readonly commands: CommandRegistry;
  readonly cwd: string;
  readonly trans: TranslationBundle;
  /** Start what an item stands for, and put it in the launcher's place. */
  launch(item: LauncherItem): void;
}

interface ICardProps {
  readonly card: ICard;
  readonly host: ILauncherHost;
  /** What `data-category` of the card says. */
  readonly category: string;
  readonly hasBadge: boolean;
  /** Id of the element that says why its kernel may not start. */
  readonly describedBy?: string;
}

interface IKernelCardProps extends ICardProps {
  /** What `data-category` of the console button says. */
  readonly consoleCategory: string;
}

/** A card as in the stock launcher; stock's classes, titles and attributes are kept. */
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
          {hasBadge && card.place !== '' && (
            <span className="kpe-LauncherCard-badge" aria-hidden="true">
              {initialOf(card.place)}
            </span>
          )}
        </div>
        <div className="jp-LauncherCard-label">
          <Name parts={card.parts} />
        </div>
      </div>
    );
  }
);
LauncherCard.displayName = 'LauncherCard';

/** The card of a provider's kernel: for a notebook, with a button for a console. */
export const KernelCard = React.memo(
  (props: IKernelCardProps): React.JSX.Element => {
    const { consoleCategory, ...others } = props;
    const { card, host } = props;
    const { consoleItem } = card;
    const title = host.trans.__('Console: %1', card.label);
    return (
      // The buttons are siblings: one inside the other could not be told apart by all.
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
  }
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

/** A name of which only the kernel's part is cut where it is too long. */
function Name({ parts }: { parts: INameParts }): React.JSX.Element {
  const { before, kernel, after } = parts;
  return before === '' && after === '' ? (
    <p>{kernel}</p>
  ) : (
    <p>
      {before !== '' && <span className="kpe-Name-place">{before}</span>}
      <span className="kpe-Name-kernel">{kernel}</span>
      {after !== '' && <span className="kpe-Name-place">{after}</span>}
    </p>
  );
}
