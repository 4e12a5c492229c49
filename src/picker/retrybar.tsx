import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { StateIcon } from '../components';
import { needsAttention } from '../state';
import { stateWord } from '../text';
import { LOCAL_ID } from '../tokens';
import type { IKernelProviders, IProvider } from '../tokens';
import { statusId } from './list';

interface IRetryBarProps {
  readonly providers: IKernelProviders;
  readonly trans: TranslationBundle;
}

/** A button for each provider that can be retried. */
export function RetryBar(props: IRetryBarProps): React.JSX.Element {
  const { providers, trans } = props;
  const [failure, setFailure] = React.useState('');
  const [focusedId, setFocusedId] = React.useState('');
  const retry = async (id: string): Promise<void> => {
    setFailure('');
    try {
      await providers.retry(id);
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <div className="kpe-Picker-retries">
      {providers.providers
        // A button with the focus stays, or the next Enter would accept the dialog.
        .filter(provider => canRetry(provider) || provider.id === focusedId)
        .map(provider => (
          <RetryButton
            key={provider.id}
            provider={provider}
            trans={trans}
            onRetry={() => retry(provider.id)}
            onFocus={() => {
              setFocusedId(provider.id);
            }}
            onBlur={() => {
              setFocusedId('');
            }}
          />
        ))}
      <span role="alert">{failure}</span>
    </div>
  );
}

interface IRetryButtonProps {
  readonly provider: IProvider;
  readonly trans: TranslationBundle;
  readonly onRetry: () => Promise<void>;
  readonly onFocus: () => void;
  readonly onBlur: () => void;
}

/** A button that retries a provider; when there is nothing to retry, it shows the state. */
function RetryButton(props: IRetryButtonProps): React.JSX.Element {
  const { provider, trans, onRetry, onFocus, onBlur } = props;
  const { id, label, state } = provider;
  const [isRetrying, setRetrying] = React.useState(false);
  const isDone = !canRetry(provider);
  return (
    <button
      type="button"
      className="jp-mod-styled jp-mod-minimal kpe-Picker-footButton"
      title={trans.__('Retry %1 now', label)}
      aria-describedby={statusId(id)}
      // Not `disabled`, which would take the focus away.
      aria-disabled={isRetrying || isDone}
      onFocus={onFocus}
      onBlur={onBlur}
      onClick={() => {
        if (!isRetrying && !isDone) {
          setRetrying(true);
          void onRetry().then(() => {
            setRetrying(false);
          });
        }
      }}
    >
      {isDone ? (
        <StateIcon state={state} />
      ) : (
        <refreshIcon.react tag="span" className="kpe-Picker-retryIcon" />
      )}
      {isDone
        ? trans.__('%1: %2', label, stateWord(state, trans))
        : isRetrying
          ? trans.__('Retrying %1…', label)
          : trans.__('Retry %1', label)}
    </button>
  );
}

/** Whether a retry of the provider makes sense. */
function canRetry(provider: IProvider): boolean {
  return provider.id !== LOCAL_ID && needsAttention(provider);
}
