import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { TranslationBundle } from '@jupyterlab/translation';
import { MenuSvg, ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Menu } from '@lumino/widgets';
import * as React from 'react';

import { StateIcon, WarningIcon } from '../components';
import { summaryOf } from '../state';
import { lastingStatusText, problemsText, summaryText } from '../text';
import {
  COMMAND_IDS,
  IKernelProviders,
  PLUGIN_IDS,
  PROBLEMS_COMMAND_ID,
  TRANSLATION_DOMAIN
} from '../tokens';
import type { IProvider } from '../tokens';

/**
 * Shows in the status bar how many providers need attention or are not loaded, and nothing
 * if all is well.
 */
export const statusItemPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_IDS.statusItem,
  description: 'Adds a status bar item about unavailable kernel providers.',
  autoStart: true,
  requires: [IKernelProviders],
  optional: [IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    providers: IKernelProviders,
    statusBar: IStatusBar | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    statusBar?.registerStatusItem(PLUGIN_IDS.statusItem, {
      item: new StatusItem(providers, app.commands, trans),
      align: 'left',
      rank: 2, // after the kernel's
      isActive: () =>
        providers.preferences.statusItem &&
        (summaryOf(providers.providers).affected.length > 0 ||
          providers.problems.length > 0),
      activeStateChanged: providers.changed
    });
  }
};

/** A button that counts the providers that need attention, and opens their details. */
class StatusItem extends ReactWidget {
  constructor(
    providers: IKernelProviders,
    commands: CommandRegistry,
    trans: TranslationBundle
  ) {
    super();
    this.addClass('kpe-StatusItem');
    this.addClass('jp-mod-highlighted');
    this._providers = providers;
    this._commands = commands;
    this._trans = trans;
    this._menu = new MenuSvg({ commands });
    this._menu.aboutToClose.connect(() => {
      this.node.querySelector('button')?.focus();
    });
    providers.changed.connect(() => {
      this.update();
    }, this);
  }

  override dispose(): void {
    this._menu.dispose();
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    const trans = this._trans;
    const { problems } = this._providers;
    const summary = summaryOf(this._providers.providers);
    const { affected } = summary;
    const now = new Date();
    // An administrator may have disabled the commands.
    const hasDetails = this._commands.hasCommand(COMMAND_IDS.details);
    const messages = [
      ...affected.map(provider => lastingStatusText(provider, trans, now)),
      ...problems.map(({ message }) => message)
    ];
    const texts = [
      affected.length > 0 ? summaryText(summary, trans) : '',
      problems.length > 0 ? problemsText(problems.length, trans) : ''
    ];
    const count = affected.length + Math.min(problems.length, 1);
    return (
      <button
        type="button"
        className="jp-StatusBar-TextItem"
        title={messages.join('\n')}
        aria-haspopup={hasDetails && (count > 1 ? 'menu' : 'dialog')}
        onClick={event => {
          if (hasDetails) {
            this._open(affected, event.currentTarget.getBoundingClientRect());
          }
        }}
      >
        {affected[0] === undefined ? (
          <WarningIcon />
        ) : (
          <StateIcon state={affected[0].state} />
        )}
        {texts.filter(Boolean).join(' · ')}
      </button>
    );
  }

  /** Show the only details that there are, or a menu. */
  private _open(affected: readonly IProvider[], { left, top }: DOMRect): void {
    const details = affected.map(({ id }) => ({
      command: COMMAND_IDS.details,
      args: { id, isPalette: true }
    }));
    const items =
      this._providers.problems.length === 0
        ? details
        : [...details, { command: PROBLEMS_COMMAND_ID, args: {} }];
    const [first, ...others] = items;
    if (first !== undefined && others.length === 0) {
      void this._commands.execute(first.command, first.args);
      return;
    }
    this._menu.clearItems();
    items.forEach(item => this._menu.addItem(item));
    this._menu.open(left, top);
  }

  private readonly _providers: IKernelProviders;
  private readonly _commands: CommandRegistry;
  private readonly _trans: TranslationBundle;
  private readonly _menu: Menu;
}
