import { Button } from '@jupyterlab/ui-components';
import * as React from 'react';

/** A button that is busy until the promise of `onPress` is settled. */
export function BusyButton(props: {
  readonly label: string;
  readonly busyLabel: string;
  readonly onPress: () => Promise<unknown>;
}): React.JSX.Element {
  const { label, busyLabel, onPress } = props;
  const [isBusy, setBusy] = React.useState(false);
  const press = (): void => {
    setBusy(true);
    void onPress().finally(() => {
      setBusy(false);
    });
  };
  // Not `disabled` while it is busy, or it would lose the focus.
  return (
    <Button small aria-disabled={isBusy} onClick={isBusy ? undefined : press}>
      {isBusy ? busyLabel : label}
    </Button>
  );
}
