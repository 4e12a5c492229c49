import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { placementProblem } from '../naming/displayname';
import { placementSentence } from '../text/messages';

const OPEN_SETTINGS = 'settingeditor:open';

/**
 * Says that the placement in the settings cannot be used, until another one is there.
 *
 * The form of the Settings Editor saves none that cannot; people who write JSON do.
 */
export class PlacementNotice {
  /**
   * @param commands - Those of the application.
   * @param query - What the Settings Editor finds our settings by.
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

  /** Look at the placement in the settings, and say if it cannot be used. */
  check(placement: string): void {
    if (placement === this._checked) {
      return;
    }
    this._checked = placement;
    this._withdraw();
    const problem = placement === '' ? null : placementProblem(placement);
    if (problem !== null) {
      this._show(placementSentence(problem, this._trans));
    }
  }

  private _show(sentence: string): void {
    const trans = this._trans;
    const open = {
      label: trans.__('Settings'),
      callback: () => {
        void this._commands.execute(OPEN_SETTINGS, { query: this._query });
      }
    };
    this._notification = Notification.warning(
      // Short, as JupyterLab cuts at 140 characters.
      trans.__('Kernel names: %1', sentence),
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
