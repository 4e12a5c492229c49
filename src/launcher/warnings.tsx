import * as React from 'react';

import { WarningIcon } from '../components';
import { COMMAND_IDS } from '../tokens';
import type { IProvider } from '../tokens';
import type { ILauncherHost } from './card';

/** A button with the number of a provider's warnings, which opens its details. */
export function WarningsButton({
  provider: { id, warnings },
  host: { commands, trans }
}: {
  readonly provider: IProvider;
  readonly host: ILauncherHost;
}): React.JSX.Element | null {
  // An administrator may have disabled the commands.
  if (
    warnings.length === 0 ||
    !commands.isEnabled(COMMAND_IDS.details, { id })
  ) {
    return null;
  }
  const text = trans._n('%1 warning', '%1 warnings', warnings.length);
  return (
    <button
      type="button"
      className="kpe-ProviderSection-warnings"
      title={[text, ...warnings].join('\n')}
      aria-label={text}
      aria-haspopup="dialog"
      onClick={() => {
        void commands.execute(COMMAND_IDS.details, { id });
      }}
    >
      <WarningIcon />
    </button>
  );
}
