import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { BusyButton } from './busybutton';

/** A button that asks a provider that needs attention again. */
export function RetryButton({
  trans,
  onRetry
}: {
  readonly trans: TranslationBundle;
  readonly onRetry: () => Promise<unknown>;
}): React.JSX.Element {
  return (
    <BusyButton
      label={trans.__('Retry')}
      busyLabel={trans.__('Retrying…')}
      onPress={onRetry}
    />
  );
}
