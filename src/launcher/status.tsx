import * as React from 'react';

import { Countdown } from '../components';
import { lastingStatusText } from '../text';
import { COMMAND_IDS } from '../tokens';
import type { IProvider } from '../tokens';
import type { ILauncherHost } from './card';

/** Says why a provider is not available, with buttons to retry it and to show details. */
export function ProviderStatus({
  id,
  provider,
  host,
  onFocusLost
}: {
  readonly id: string;
  readonly provider: IProvider;
  readonly host: ILauncherHost;
  /** Called if this is removed while it has the focus. */
  readonly onFocusLost?: (() => void) | undefined;
}): React.JSX.Element {
  const node = React.useRef<HTMLDivElement>(null);
  React.useLayoutEffect(() => {
    const { current } = node;
    return () => {
      if (current?.contains(document.activeElement) === true) {
        onFocusLost?.();
      }
    };
    // Only on removal; a new `onFocusLost` is no reason to run it.
  }, []);
  return (
    <div className="kpe-ProviderStatus" ref={node}>
      <p id={id}>
        {lastingStatusText(provider, host.trans, new Date())}{' '}
        <Countdown provider={provider} trans={host.trans} />
      </p>
      <div className="kpe-ProviderStatus-buttons">
        {commandsFor(provider).map(command => (
          <CommandButton
            key={command}
            command={command}
            provider={provider}
            host={host}
          />
        ))}
      </div>
    </div>
  );
}

/** The commands that help with a provider, the most helpful one first. */
function commandsFor({ state }: IProvider): string[] {
  const { replaceToken, enable, retry, details } = COMMAND_IDS;
  return [
    ...(state === 'unauthorised' ? [replaceToken] : []),
    ...(state === 'off' ? [enable] : []),
    retry,
    details
  ];
}

/** A button for a command about a provider; nothing if the command is not enabled. */
function CommandButton({
  command,
  provider,
  host
}: {
  readonly command: string;
  readonly provider: IProvider;
  readonly host: ILauncherHost;
}): React.JSX.Element | null {
  const { commands } = host;
  const args = { id: provider.id };
  const [isBusy, setBusy] = React.useState(false);
  if (!isBusy && !commands.isEnabled(command, args)) {
    return null;
  }
  const execute = async (): Promise<void> => {
    setBusy(true);
    try {
      await commands.execute(command, args);
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type="button"
      className="jp-Button kpe-LauncherButton"
      title={commands.caption(command, args)}
      data-command={command}
      aria-busy={isBusy}
      // Not `disabled`, which would take the focus away.
      aria-disabled={isBusy}
      onClick={() => {
        if (!isBusy) {
          void execute();
        }
      }}
    >
      {commands.label(command, args)}
    </button>
  );
}
