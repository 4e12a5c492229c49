import type {
  ISessionContext,
  ISessionContextDialogs
} from '@jupyterlab/apputils';
import type { KernelSpec } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, ToolbarButtonComponent } from '@jupyterlab/ui-components';
import * as React from 'react';

import { shortName, shortOwnName } from '../naming';
import type { IKernelProviders } from '../tokens';
import { currentSpec } from './current';

/** The number of characters of a kernel's own name that fit into a toolbar. */
const ROOM = 32;

export interface IKernelNameOptions {
  readonly sessionContext: ISessionContext;
  readonly dialogs: ISessionContextDialogs;
  readonly specs: KernelSpec.IManager;
  /** Null without a chip that shows the place. */
  readonly providers: Pick<
    IKernelProviders,
    'changed' | 'preferences' | 'template'
  > | null;
  /** JupyterLab's translations, as the texts are those of the stock button. */
  readonly trans: TranslationBundle;
}

/**
 * The toolbar button with the name of the kernel, which opens the kernel picker.
 *
 * It looks and works like the stock button, but follows changes of the name, and shortens
 * long names.
 */
export class KernelNameButton extends ReactWidget {
  constructor(options: IKernelNameOptions) {
    super();
    this._options = options;
    this.addClass('jp-KernelName');
    const redraw = (): void => {
      this.update();
    };
    options.sessionContext.kernelChanged.connect(redraw, this);
    options.specs.specsChanged.connect(redraw, this);
    options.providers?.changed.connect(redraw, this);
  }

  protected override render(): React.JSX.Element {
    const { dialogs, sessionContext, specs, trans } = this._options;
    const spec = currentSpec(sessionContext, specs.specs);
    const name = spec?.display_name ?? sessionContext.kernelDisplayName;
    const label = spec === undefined ? name : this._label(spec);
    const hint = trans.__('Switch kernel');
    return (
      <ToolbarButtonComponent
        className="jp-Toolbar-kernelName"
        onClick={() => {
          // If the kernel does not start, Lab shows an error.
          dialogs.selectKernel(sessionContext).catch(() => undefined);
        }}
        tooltip={label === name ? hint : `${name}\n${hint}`}
        label={label}
      />
    );
  }

  /** Shorten a display name to what fits. */
  private _label(spec: KernelSpec.ISpecModel): string {
    const { providers } = this._options;
    // A placement that the user has chosen is seen in the name as well.
    return providers?.preferences.placement === ''
      ? shortOwnName(spec, providers.template, ROOM)
      : shortName(spec, ROOM);
  }

  private readonly _options: IKernelNameOptions;
}
