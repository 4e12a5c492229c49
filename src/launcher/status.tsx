import * as React from 'react';

import { Countdown } from '../components/countdown';
import type { ILauncherHost } from './card';
import { lastingSentence } from '../text/summary';
import { COMMAND_IDS } from '../tokens';
import type { IProvider } from '../tokens';

/** Why a provider is not well, and what can be done about it. */
export function Trouble({
  id,
  provider,
  host,
  onFocusLost
}: {
  readonly id: string;
  readonly provider: IProvider;
  readonly host: ILauncherHost;
  /** Called if this goes away while it has the focus. */
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
    // At the end only, whichever function it was given last.
  }, []);
  return (
    <div className="kpe-Trouble" ref={node}>
      <p id={id}>
        {lastingSentence(provider, host.trans, new Date())}{' '}
        <Countdown provider={provider} trans={host.trans} />
      </p>
      <div className="kpe-Trouble-buttons">
        {[COMMAND_IDS.retry, COMMAND_IDS.details].map(command => (
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

/** A button for a command about a provider; nothing if the command is not to be had. */
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
