import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { isAvailable } from '../state';
import type { PickerModel } from './model';

/** A button that adds the kernels that this server did not start. */
export function OtherKernelsButton({
  model,
  trans
}: {
  readonly model: PickerModel;
  readonly trans: TranslationBundle;
}): React.JSX.Element | null {
  if (!model.canStart || model.remotes.length === 0) {
    return null;
  }
  const isUsable = !model.isAsking && model.remotes.some(isAvailable);
  return (
    <span className="kpe-Picker-otherKernels">
      <button
        type="button"
        className="jp-mod-styled jp-mod-minimal kpe-Picker-footButton"
        title={trans.__('List all kernels that run at the providers')}
        // Not `disabled`, which would take the focus away.
        aria-disabled={!isUsable}
        onClick={() => {
          if (isUsable) {
            void model.askForOtherKernels();
          }
        }}
      >
        {trans.__('Show kernels from other sessions')}
      </button>
      <span role="status">{resultText(model, trans)}</span>
    </span>
  );
}

/** Say how many other kernels were found; empty before the user asks. */
function resultText(
  { isAsking, otherKernelsResult }: PickerModel,
  trans: TranslationBundle
): string {
  if (isAsking) {
    return trans.__('Loading kernels…');
  }
  if (otherKernelsResult === null) {
    return '';
  }
  const { found, failed } = otherKernelsResult;
  return [
    found === 0 ? trans.__('None found.') : trans.__('%1 found.', found),
    failed === 0
      ? ''
      : trans._n(
          '%1 provider does not list its kernels.',
          '%1 providers do not list their kernels.',
          failed
        )
  ]
    .filter(Boolean)
    .join(' ');
}
