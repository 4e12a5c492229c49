import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import {
  BusyButton,
  RetryButton,
  StateIcon,
  useNow,
  WarningIcon
} from '../components';
import { isAvailable, isWell } from '../state';
import type { IKernelCounts } from '../state';
import { clock, stateWord, statusText } from '../text';
import type { IKernelProviders, IProvider } from '../tokens';

const SECOND = 1000;

interface ILiveDetailsProps {
  /** The provider when the details were opened. */
  readonly provider: IProvider;
  readonly providers: IKernelProviders;
  readonly counts: () => IKernelCounts;
  readonly trans: TranslationBundle;
  /** Edits the provider; null if the user may not. */
  readonly onEdit: (() => void) | null;
  readonly canRetry: (provider: IProvider | undefined) => boolean;
  /** Asks the provider now. */
  readonly onRetry: () => Promise<unknown>;
  /** Opens a file, given its path in the file browser. */
  readonly onOpen: (path: string) => void;
}

/** The details of a provider, which follow its changes and the clock. */
export function LiveDetails(props: ILiveDetailsProps): React.JSX.Element {
  const { provider, providers, counts, trans } = props;
  const now = useNow(SECOND);
  const file = providers.files[provider.source ?? ''];
  return (
    <UseSignal signal={providers.changed}>
      {() => (
        <ProviderDetails
          // A provider that was removed meanwhile is shown as it was.
          provider={providers.get(provider.id) ?? provider}
          counts={counts()}
          trans={trans}
          now={now}
          onEdit={props.onEdit}
          onRetry={
            props.canRetry(providers.get(provider.id)) ? props.onRetry : null
          }
          onOpen={
            file === undefined
              ? null
              : () => {
                  props.onOpen(file);
                }
          }
        />
      )}
    </UseSignal>
  );
}

interface IProps {
  readonly provider: IProvider;
  readonly counts: IKernelCounts;
  readonly trans: TranslationBundle;
  readonly now: Date;
  readonly onRetry: (() => Promise<unknown>) | null;
  readonly onEdit: (() => void) | null;
  /** Opens the file that configures it; null if the file browser cannot. */
  readonly onOpen: (() => void) | null;
}

/** The state, the message, the warnings and all facts about a provider. */
function ProviderDetails(props: IProps): React.JSX.Element {
  const { provider, counts, trans, now, onRetry, onEdit, onOpen } = props;
  const word = stateWord(provider.state, trans);
  const text = statusText(provider, counts, trans, now);
  const facts = factsOf(props);
  return (
    <div className="kpe-ProviderDetails">
      <p className="kpe-ProviderDetails-state">
        <StateIcon state={provider.state} />
        <span>{word}</span>
      </p>
      {text !== '' && <p className="kpe-ProviderDetails-text">{text}</p>}
      {provider.warnings.length > 0 && (
        <ul
          className="kpe-ProviderDetails-warnings"
          aria-label={trans.__('Warnings')}
        >
          {provider.warnings.map(warning => (
            <li key={warning}>
              <WarningIcon />
              <span>{warning}</span>
            </li>
          ))}
        </ul>
      )}
      <dl>
        {facts.map(([name, value]) => (
          <React.Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </React.Fragment>
        ))}
      </dl>
      <div className="kpe-ProviderDetails-buttons kpe-Buttons">
        {onRetry !== null &&
          (isWell(provider) ? (
            <BusyButton
              label={trans.__('Refresh')}
              busyLabel={trans.__('Refreshing…')}
              onPress={onRetry}
            />
          ) : (
            <RetryButton trans={trans} onRetry={onRetry} />
          ))}
        <Button
          small
          onClick={() => {
            const lines = [
              `${provider.label}: ${word}`,
              text,
              ...provider.warnings,
              ...facts.map(([name, value]) => `${name}: ${value}`)
            ];
            Clipboard.copyToSystem(lines.filter(Boolean).join('\n'));
          }}
        >
          {trans.__('Copy')}
        </Button>
        {onEdit !== null && (
          <Button small onClick={onEdit}>
            {trans.__('Edit…')}
          </Button>
        )}
        {onOpen !== null && (
          <Button small onClick={onOpen}>
            {trans.__('Open file')}
          </Button>
        )}
      </div>
    </div>
  );
}

/** Return the facts about a provider that are known, with their names. */
function factsOf({ provider, counts, trans, now }: IProps): [string, string][] {
  const time = (date: Date | null): string => date?.toLocaleString() ?? '';
  const { kernelspecs, lastSeen } = provider;
  // What is known of a provider that does not answer may have changed since.
  const asOf = (count: number, isOld: boolean): string =>
    isOld && lastSeen !== null
      ? trans.__('%1 (as of %2)', count, clock(lastSeen, now))
      : String(count);
  const facts: [string, string][] = [
    [trans.__('Address'), provider.url ?? ''],
    [trans.__('Kind'), provider.kind],
    [trans.__('ID'), provider.id],
    [trans.__('In this state since'), time(provider.since)],
    [trans.__('Last seen'), time(lastSeen)],
    [trans.__('Kernels'), asOf(counts.kernels, kernelspecs === 'stale')],
    [
      trans.__('Running kernels'),
      asOf(counts.running, counts.running > 0 && !isAvailable(provider))
    ],
    [trans.__('Configured in'), provider.source ?? '']
  ];
  return facts.filter(([, value]) => value !== '');
}
