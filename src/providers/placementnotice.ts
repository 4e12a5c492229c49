import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { placementProblem } from '../naming';
import { placementText } from '../text';

const OPEN_SETTINGS = 'settingeditor:open';

/**
 * Shows a notification while the placement in the settings cannot be used.
 *
 * The form of the Settings Editor never saves such a placement, but the JSON editor does.
 */
export class PlacementNotice {
  /**
   * @param commands - The application's commands.
   * @param query - The text by which the Settings Editor finds our settings.
   */
  constructor(
    commands: CommandRegistry,
    query: string,
    trans: TranslationBundle
  ) {
    this._commands = commands;
    this._query = query;
    this._trans = trans;
  }

  /** Check the placement in the settings, and show or withdraw the notification. */
  check(placement: string): void {
    if (placement === this._checked) {
      return;
    }
    this._checked = placement;
    this._withdraw();
    const problem = placement === '' ? null : placementProblem(placement);
    if (problem !== null) {
      this._show(placementText(problem, this._trans));
    }
  }

  private _show(text: string): void {
    const trans = this._trans;
    const open = {
      label: trans.__('Settings'),
      callback: () => {
        void this._commands.execute(OPEN_SETTINGS, { query: this._query });
      }
    };
    this._notification = Notification.warning(
      // JupyterLab cuts the text off at 140 characters.
      trans.__('Kernel names: %1', text),
      {
        autoClose: false,
        actions: this._commands.hasCommand(OPEN_SETTINGS) ? [open] : []
      }
    );
  }

  private _withdraw(): void {
    if (this._notification !== null) {
      Notification.dismiss(this._notification);
      this._notification = null;
    }
  }

  private readonly _commands: CommandRegistry;
  private readonly _query: string;
  private readonly _trans: TranslationBundle;
  private _checked = '';
  private _notification: string | null = null;
}
