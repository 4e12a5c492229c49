import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { stateId } from './list';
import { stateWord } from '../text/messages';
import { StateIcon } from '../components/stateicon';
import { isUnwell } from '../text/summary';
import { LOCAL_ID } from '../tokens';
import type { IKernelProviders, IProvider } from '../tokens';

interface IRetryBarProps {
  readonly providers: IKernelProviders;
  readonly trans: TranslationBundle;
}

/** A button for each provider that is not well and can be asked again. */
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
        // One that has the focus stays: the next Enter must not reach the dialog.
        .filter(provider => isAskable(provider) || provider.id === focusedId)
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

/** The button; while it cannot be used, it says how the provider is. */
function RetryButton(props: IRetryButtonProps): React.JSX.Element {
  const { provider, trans, onRetry, onFocus, onBlur } = props;
  const { id, label, state } = provider;
  const [isAsking, setIsAsking] = React.useState(false);
  const isOver = !isAskable(provider);
  return (
    <button
      type="button"
      className="jp-mod-styled jp-mod-minimal kpe-Picker-footButton"
      title={trans.__('Ask %1 again now', label)}
      aria-describedby={stateId(id)}
      // Not `disabled`, which would take the focus away.
      aria-disabled={isAsking || isOver}
      onFocus={onFocus}
      onBlur={onBlur}
      onClick={() => {
        if (!isAsking && !isOver) {
          setIsAsking(true);
          void onRetry().then(() => {
            setIsAsking(false);
          });
        }
      }}
    >
      {isOver ? (
        <StateIcon state={state} />
      ) : (
        <refreshIcon.react tag="span" className="kpe-Picker-retryIcon" />
      )}
      {isOver
        ? trans.__('%1: %2', label, stateWord(state, trans))
        : isAsking
          ? trans.__('Asking %1…', label)
          : trans.__('Retry %1', label)}
    </button>
  );
}

/** Whether it makes sense to have a provider asked. */
function isAskable(provider: IProvider): boolean {
  return provider.id !== LOCAL_ID && isUnwell(provider);
}
