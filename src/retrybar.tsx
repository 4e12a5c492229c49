import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { isWell } from './model';
import { LOCAL_ID } from './tokens';
import type { IKernelProviders, IProvider } from './tokens';

interface IProps {
  readonly providers: IKernelProviders;
  readonly trans: TranslationBundle;
}

/** A button for each provider that is not well and can be asked again. */
export function RetryBar(props: IProps): React.JSX.Element {
  const { providers, trans } = props;
  const [failure, setFailure] = React.useState('');
  const unwell = providers.providers.filter(
    provider =>
      !isWell(provider) &&
      provider.state !== 'off' &&
      provider.state !== 'checking' &&
      provider.id !== LOCAL_ID
  );
  return (
    <div className="kpe-Picker-retries">
      {unwell.map(provider => (
        <RetryButton
          key={provider.id}
          provider={provider}
          trans={trans}
          onRetry={async () => {
            setFailure('');
            try {
              await providers.retry(provider.id);
            } catch (error) {
              setFailure(
                error instanceof Error ? error.message : String(error)
              );
            }
          }}
        />
      ))}
      <span role="alert">{failure}</span>
    </div>
  );
}

function RetryButton(props: {
  provider: IProvider;
  trans: TranslationBundle;
  onRetry: () => Promise<void>;
}): React.JSX.Element {
  const { provider, trans, onRetry } = props;
  const [isAsking, setIsAsking] = React.useState(false);
  return (
    <button
      type="button"
      className="jp-mod-styled jp-mod-minimal kpe-Picker-retry"
      title={trans.__('Ask %1 again now', provider.label)}
      aria-describedby={`kpe-group-${encodeURIComponent(provider.id)}-state`}
      // Not disabled while it asks: that would take the focus away.
      aria-disabled={isAsking}
      onClick={() => {
        if (!isAsking) {
          setIsAsking(true);
          void onRetry().then(() => {
            setIsAsking(false);
          });
        }
      }}
    >
      <refreshIcon.react tag="span" className="kpe-Picker-retryIcon" />
      {isAsking
        ? trans.__('Asking %1…', provider.label)
        : trans.__('Retry %1', provider.label)}
    </button>
  );
}
