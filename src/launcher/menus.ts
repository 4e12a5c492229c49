import type { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { consoleIcon, notebookIcon } from '@jupyterlab/ui-components';

import type { LauncherItem } from './cards';
import { ProvidersLauncher } from './widget';

/** Commands about the card under the context menu; the schema adds them to that menu. */
const CARD_COMMANDS = {
  notebook: 'kernel-providers:card-notebook',
  console: 'kernel-providers:card-console',
  star: 'kernel-providers:card-star'
} as const;

/** Add the commands for the context menu of a kernel's card. */
export function addCardCommands(
  app: JupyterFrontEnd,
  labTrans: TranslationBundle,
  trans: TranslationBundle
): void {
  const describedBy = { args: { type: 'object', properties: {} } };
  const add = (
    kind: 'notebook' | 'console',
    label: string,
    icon: typeof notebookIcon
  ): void => {
    app.commands.addCommand(CARD_COMMANDS[kind], {
      label,
      icon,
      describedBy,
      isVisible: () => under(app, kind) !== null,
      execute: () => {
        const found = under(app, kind);
        found?.launcher.launch(found.item);
      }
    });
  };
  add('notebook', labTrans.__('Notebook'), notebookIcon);
  add('console', labTrans.__('Console'), consoleIcon);
  app.commands.addCommand(CARD_COMMANDS.star, {
    label: () =>
      starButtonUnder(app)?.ariaPressed === 'true'
        ? trans.__('Remove Star')
        : trans.__('Star'),
    describedBy,
    isVisible: () => starButtonUnder(app) !== null,
    execute: () => {
      starButtonUnder(app)?.click();
    }
  });
}

/** Return the focus to the card or header when its context menu closes. */
export function keepFocus(app: JupyterFrontEnd): void {
  app.contextMenu.menu.aboutToClose.connect(() => {
    const opener = app.contextMenuHitTest(node =>
      node.matches('.jp-LauncherCard, .kpe-ProviderSection-toggle')
    );
    // The menu still has the focus while it closes.
    queueMicrotask(() => {
      if (document.activeElement === document.body) {
        opener?.focus();
      }
    });
  });
}

/** Find the star of the card under the context menu; null if it has none. */
function starButtonUnder(app: JupyterFrontEnd): HTMLElement | null {
  return (
    cardUnder(app)?.querySelector<HTMLElement>('.kpe-KernelCard-star') ?? null
  );
}

/** Find the launcher under the context menu, and the item of the card there. */
function under(
  app: JupyterFrontEnd,
  kind: 'notebook' | 'console'
): { launcher: ProvidersLauncher; item: LauncherItem } | null {
  const card = cardUnder(app);
  const name = card?.dataset['kernel'];
  if (name === undefined) {
    return null;
  }
  for (const widget of app.shell.widgets('main')) {
    if (
      widget instanceof MainAreaWidget &&
      widget.content instanceof ProvidersLauncher &&
      widget.node.contains(card ?? null)
    ) {
      const launcher = widget.content;
      const item = launcher.itemOf(name, kind);
      return item === undefined ? null : { launcher, item };
    }
  }
  return null;
}

function cardUnder(app: JupyterFrontEnd): HTMLElement | undefined {
  return app.contextMenuHitTest(node => node.dataset['kernel'] !== undefined);
}
