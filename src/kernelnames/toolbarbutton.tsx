import type {
  ISessionContext,
  ISessionContextDialogs
} from '@jupyterlab/apputils';
import type { KernelSpec } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, ToolbarButtonComponent } from '@jupyterlab/ui-components';
import * as React from 'react';

import { shortName } from '../naming/shorten';

/** Characters of a kernel's own name that a toolbar has room for. */
const ROOM = 32;

/** What a button with a kernel's name needs. */
export interface IKernelNameOptions {
  readonly sessionContext: ISessionContext;
  readonly dialogs: ISessionContextDialogs;
  readonly specs: KernelSpec.IManager;
  /** JupyterLab's own, which has the stock button's words. */
  readonly trans: TranslationBundle;
}

/**
 * The button in a toolbar that says which kernel there is, and lets one choose another.
 *
 * Looks and works like the stock one, which does not notice that a kernel has got
 * another name, and has long ones fill the toolbar.
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
  }

  protected override render(): React.JSX.Element {
    const { dialogs, sessionContext, trans } = this._options;
    const name = sessionContext.kernelDisplayName;
    const label = this._label(name);
    const hint = trans.__('Switch kernel');
    return (
      <ToolbarButtonComponent
        className="jp-Toolbar-kernelName"
        onClick={() => {
          // Where the kernel does not start, Lab has said so.
          dialogs.selectKernel(sessionContext).catch(() => undefined);
        }}
        tooltip={label === name ? hint : `${name}\n${hint}`}
        label={label}
      />
    );
  }

  /** What there is room for of a display name. */
  private _label(name: string): string {
    const { specs } = this._options;
    // By its name, which is unique: the id of a kernel that starts is not to be had.
    const known = Object.values(specs.specs?.kernelspecs ?? {});
    const spec = known.find(spec => spec?.display_name === name);
    return spec === undefined ? name : shortName(spec, ROOM);
  }

  private readonly _options: IKernelNameOptions;
}
