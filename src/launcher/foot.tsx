import { addIcon, closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ADD_COMMAND_ID } from '../tokens';
import type { ILauncherHost } from './card';
import type { Adding } from './layout';

/** The end of the launcher, by which a provider is added. */
export function Foot({
  host,
  adding
}: {
  readonly host: ILauncherHost;
  readonly adding: Adding;
}): React.JSX.Element | null {
  const { commands, trans } = host;
  if (adding === 'none' || !commands.hasCommand(ADD_COMMAND_ID)) {
    return null;
  }
  const button = (
    <button
      type="button"
      className="jp-Button kpe-LauncherButton kpe-LauncherFoot-add"
      title={commands.caption(ADD_COMMAND_ID)}
      data-command={ADD_COMMAND_ID}
      onClick={() => void commands.execute(ADD_COMMAND_ID)}
    >
      <addIcon.react tag="span" elementSize="normal" />
      {commands.label(ADD_COMMAND_ID)}
    </button>
  );
  if (adding === 'button') {
    return <div className="kpe-LauncherFoot">{button}</div>;
  }
  const dismiss = trans.__('Do not show this again');
  return (
    <div className="kpe-LauncherFoot">
      <span>{trans.__('Kernels can also run on other servers.')}</span>
      {button}
      <button
        type="button"
        className="jp-Button jp-mod-minimal"
        title={dismiss}
        aria-label={dismiss}
        onClick={() => {
          host.dismissHint();
        }}
      >
        <closeIcon.react tag="span" elementSize="normal" />
      </button>
    </div>
  );
}
