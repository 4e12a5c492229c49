import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { isWell } from '../providers/model';
import type { PickerModel } from './model';

/** A button that adds the kernels that run at the providers and were started elsewhere. */
export function ElsewhereButton({
  model,
  trans
}: {
  readonly model: PickerModel;
  readonly trans: TranslationBundle;
}): React.JSX.Element | null {
  if (!model.canStart || model.remotes.length === 0) {
    return null;
  }
  const isUsable = !model.isAsking && model.remotes.some(isWell);
  return (
    <span className="kpe-Picker-elsewhere">
      <button
        type="button"
        className="jp-mod-styled jp-mod-minimal kpe-Picker-footButton"
        title={trans.__('Ask the providers for all kernels that run there')}
        // Not `disabled`, which would take the focus away.
        aria-disabled={!isUsable}
        onClick={() => {
          if (isUsable) {
            void model.askElsewhere();
          }
        }}
      >
        {trans.__('Show kernels started elsewhere')}
      </button>
      <span role="status">{outcome(model, trans)}</span>
    </span>
  );
}

/** What has come of asking; empty before that. */
function outcome(
  { isAsking, elsewhere }: PickerModel,
  trans: TranslationBundle
): string {
  if (isAsking) {
    return trans.__('Asking…');
  }
  if (elsewhere === null) {
    return '';
  }
  const { found, failed } = elsewhere;
  return [
    found === 0 ? trans.__('None found') : trans.__('%1 found', found),
    failed === 0
      ? ''
      : trans._n('%1 provider cannot say', '%1 providers cannot say', failed)
  ]
    .filter(Boolean)
    .join(' · ');
}
