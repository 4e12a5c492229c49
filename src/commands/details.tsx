import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { stateSentence, staleness } from '../text/messages';
import type { ICounts } from '../text/messages';
import { StateIcon } from '../components/stateicon';
import type { IProvider } from '../tokens';

interface IProps {
  readonly provider: IProvider;
  readonly counts: ICounts;
  readonly trans: TranslationBundle;
  readonly now: Date;
}

/** All that is known of a provider. */
export function ProviderDetails(props: IProps): React.JSX.Element {
  const { provider, counts, trans, now } = props;
  const time = (date: Date | null): string => date?.toLocaleString() ?? '';
  const facts: [string, string][] = [
    [trans.__('Address'), provider.url ?? ''],
    [trans.__('Kind'), provider.kind],
    [trans.__('Id'), provider.id],
    [trans.__('In this state since'), time(provider.since)],
    [trans.__('Last seen'), time(provider.lastSeen)],
    [trans.__('Kernels'), String(counts.kernels)],
    [trans.__('Kernels running'), String(counts.running)],
    [trans.__('Configured in'), provider.source ?? '']
  ];
  const stale = staleness(provider, trans, now);
  return (
    <div className="kpe-Details">
      <p className="kpe-Details-state">
        <StateIcon state={provider.state} />
        <span>{stateSentence(provider, counts, trans, now)}</span>
      </p>
      {stale !== '' && <p>{stale}</p>}
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
