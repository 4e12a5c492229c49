import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

const ENABLE = 'jupyter server extension enable kernel_providers_ext';
const INSTALL = 'pip install kernel-providers-ext';

/** Shows a notification while the server does not run the server's part of this package. */
export class CompanionNotice {
  constructor(trans: TranslationBundle) {
    this._trans = trans;
  }

  /** Show the notification, or withdraw it. */
  check(isMissing: boolean): void {
    if (isMissing && this._notification === null) {
      this._notification = this._show();
    } else if (!isMissing && this._notification !== null) {
      Notification.dismiss(this._notification);
      this._notification = null;
    }
  }

  private _show(): string {
    const trans = this._trans;
    return Notification.warning(
      // JupyterLab cuts the text off at 140 characters.
      trans.__(
        'Kernels of other servers are not available: this Jupyter server does not run the server extension %1.',
        'kernel_providers_ext'
      ),
      {
        autoClose: false,
        actions: [
          { label: trans.__('What to do'), callback: () => void this._help() }
        ]
      }
    );
  }

  private async _help(): Promise<void> {
    const trans = this._trans;
    await showDialog({
      title: trans.__('Kernel providers are not available'),
      body: (
        <div className="kpe-CompanionHelp">
          <p>
            {trans.__(
              'This page has the JupyterLab extension of kernel-providers-ext. The Jupyter server that it is connected to does not run the server extension. Run these commands on that server, and restart it:'
            )}
          </p>
          <pre tabIndex={0}>{`${INSTALL}\n${ENABLE}`}</pre>
          <p>
            {trans.__(
              'If it still does not work, look for “%1” in the log of the server.',
              'kernel_providers_ext'
            )}
          </p>
        </div>
      ),
      buttons: [Dialog.okButton({ label: trans.__('Close') })]
    });
  }

  private readonly _trans: TranslationBundle;
  private _notification: string | null = null;
}
