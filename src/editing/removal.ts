import {
  Dialog,
  Notification,
  showDialog,
  showErrorMessage
} from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Declarations } from '../providers';
import { leftRunningText } from './texts';

/** Milliseconds for which a change can be undone from its notification. */
const UNDO = 30_000;

/** A provider that goes away, and the number of this server's kernels at it. */
export interface IDeparture {
  readonly id: string;
  readonly label: string;
  readonly running: number;
}

/** Removes providers and switches them on and off, with a way back. */
export class Departures {
  constructor(
    declarations: Declarations,
    refresh: () => Promise<unknown>,
    trans: TranslationBundle
  ) {
    this._declarations = declarations;
    this._refresh = refresh;
    this._trans = trans;
  }

  /** Remove a provider; asks first if that disconnects notebooks. */
  async remove(departure: IDeparture): Promise<void> {
    const { id, label, running } = departure;
    const trans = this._trans;
    if (running > 0 && !(await this._isSure(departure))) {
      return;
    }
    await this._do(() => this._declarations.remove(id));
    this._tell(trans.__('%1 was removed.', label), running, () =>
      this._declarations.restore(id)
    );
  }

  /** Switch a provider off. */
  async disable({ id, label, running }: IDeparture): Promise<void> {
    await this._do(() => this._declarations.switch(id, false));
    this._tell(this._trans.__('%1 is off.', label), running, () =>
      this._declarations.switch(id, true)
    );
  }

  /** Switch a provider on. */
  async enable(id: string): Promise<void> {
    await this._do(() => this._declarations.switch(id, true));
  }

  private async _isSure(departure: IDeparture): Promise<boolean> {
    const trans = this._trans;
    const { button } = await showDialog({
      title: trans.__('Remove %1?', departure.label),
      body: `${leftRunningText(departure.running, trans)} ${trans.__(
        'Their notebooks are disconnected until the provider is back.'
      )}`,
      buttons: [
        Dialog.cancelButton(),
        Dialog.warnButton({ label: trans.__('Remove') })
      ]
    });
    return button.accept;
  }

  private _tell(
    message: string,
    running: number,
    undo: () => Promise<void>
  ): void {
    const trans = this._trans;
    const left = leftRunningText(running, trans);
    Notification.emit(left === '' ? message : `${message} ${left}`, 'success', {
      autoClose: UNDO,
      actions: [
        {
          label: trans.__('Undo'),
          callback: () => {
            this._do(undo).catch((error: unknown) =>
              showErrorMessage(
                trans.__('Could not undo that'),
                error instanceof Error ? error : String(error)
              )
            );
          }
        }
      ]
    });
  }

  private async _do(act: () => Promise<void>): Promise<void> {
    await act();
    await this._refresh();
  }

  private readonly _declarations: Declarations;
  private readonly _refresh: () => Promise<unknown>;
  private readonly _trans: TranslationBundle;
}
