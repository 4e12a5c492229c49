import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { StateIcon, WarningIcon } from '../components';
import type { IKernelCounts } from '../state';
import { clock, stateWord, statusText } from '../text';
import type { IProvider } from '../tokens';

interface IProps {
  readonly provider: IProvider;
  readonly counts: IKernelCounts;
  readonly trans: TranslationBundle;
  readonly now: Date;
}

/** The state, the message, the warnings and all facts about a provider. */
export function ProviderDetails(props: IProps): React.JSX.Element {
  const { provider, counts, trans, now } = props;
  const time = (date: Date | null): string => date?.toLocaleString() ?? '';
  const text = statusText(provider, counts, trans, now);
  const isStale = provider.kernelspecs === 'stale';
  const facts: [string, string][] = [
    [trans.__('Address'), provider.url ?? ''],
    [trans.__('Kind'), provider.kind],
    [trans.__('ID'), provider.id],
    [trans.__('In this state since'), time(provider.since)],
    [trans.__('Last seen'), time(provider.lastSeen)],
    [
      trans.__('Kernels'),
      isStale && provider.lastSeen !== null
        ? trans.__(
            '%1 (as of %2)',
            counts.kernels,
            clock(provider.lastSeen, now)
          )
        : String(counts.kernels)
    ],
    [trans.__('Running kernels'), String(counts.running)],
    [trans.__('Configured in'), provider.source ?? '']
  ];
  return (
    <div className="kpe-ProviderDetails">
      <p className="kpe-ProviderDetails-state">
        <StateIcon state={provider.state} />
        <span>{stateWord(provider.state, trans)}</span>
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
        {facts
          .filter(([, value]) => value !== '')
          .map(([name, value]) => (
            <React.Fragment key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </React.Fragment>
          ))}
      </dl>
    </div>
  );
}
