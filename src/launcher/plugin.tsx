import { ILabShell } from '@jupyterlab/application';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher, LauncherModel } from '@jupyterlab/launcher';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { addIcon, launcherIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Widget } from '@lumino/widgets';

import { fillContextMenu } from '../providers';
import { IKernelProviders, PLUGIN_IDS, TRANSLATION_DOMAIN } from '../tokens';
import { CollapsedSections } from './collapsed';
import { addCardCommands, keepFocus } from './menus';
import { ProvidersLauncher } from './widget';

/** The command of the stock launcher, which other extensions execute, too. */
const CREATE = 'launcher:create';

/**
 * Provides the launcher.
 *
 * It replaces `@jupyterlab/launcher-extension:plugin`, which our server companion
 * disables, and does everything that the stock plugin does. `schema/launcher.json` adds
 * its command to the same menus.
 */
export const launcherPlugin: JupyterFrontEndPlugin<ILauncher> = {
  id: PLUGIN_IDS.launcher,
  description: 'Provides a launcher with a section for each kernel provider.',
  autoStart: true,
  provides: ILauncher,
  optional: [
    IKernelProviders,
    ITranslator,
    ILabShell,
    ICommandPalette,
    IDefaultFileBrowser,
    IStateDB
  ],
  activate: (
    app: JupyterFrontEnd,
    providers: IKernelProviders | null,
    translator: ITranslator | null,
    labShell: ILabShell | null,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null,
    db: IStateDB | null
  ): ILauncher => {
    const model = new LauncherModel();
    addCreate({
      app,
      model,
      providers,
      labShell,
      browser,
      translator: translator ?? nullTranslator,
      collapsed: new CollapsedSections(db)
    });
    const labTrans = (translator ?? nullTranslator).load('jupyterlab');
    palette?.addItem({ command: CREATE, category: labTrans.__('Launcher') });
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    addCardCommands(app, labTrans, trans);
    keepFocus(app);
    if (providers !== null) {
      fillContextMenu(
        app.contextMenu,
        providers,
        id =>
          `.jp-Launcher-section[data-provider=${id}] .jp-Launcher-sectionHeader`
      );
    }
    if (labShell !== null) {
      addButton(app, labShell);
      void Promise.all([app.restored, browser?.model.restored]).then(() => {
        keepOne(app, labShell);
      });
    }
    return model;
  }
};

interface IContext {
  readonly app: JupyterFrontEnd;
  readonly model: ILauncher.IModel;
  readonly providers: IKernelProviders | null;
  readonly labShell: ILabShell | null;
  readonly browser: IDefaultFileBrowser | null;
  readonly translator: ITranslator;
  readonly collapsed: CollapsedSections;
}

/** Add the command that opens a launcher. */
function addCreate(context: IContext): void {
  const { app, browser, translator } = context;
  const labTrans = translator.load('jupyterlab');
  let count = 0;
  app.commands.addCommand(CREATE, {
    label: labTrans.__('New Launcher'),
    icon: args => (args['toolbar'] === true ? addIcon : undefined),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cwd: {
            type: 'string',
            description: labTrans.__('The current working directory')
          },
          toolbar: {
            type: 'boolean',
            description: labTrans.__(
              'Whether the command is executed from a toolbar'
            )
          },
          activate: {
            type: 'boolean',
            description: labTrans.__('Whether to activate the widget')
          },
          ref: {
            type: 'string',
            description: labTrans.__('The reference widget id')
          }
        }
      }
    },
    execute: args => {
      const cwd = textIn(args, 'cwd') ?? browser?.model.path ?? '';
      const main = newLauncher(context, `launcher-${String(count++)}`, cwd);
      const { activate } = args;
      app.shell.add(main, 'main', {
        ...(typeof activate === 'boolean' && { activate }),
        ref: textIn(args, 'ref') ?? null
      });
      return main;
    }
  });
}

/** Create a launcher that is replaced in the shell by what the user starts. */
function newLauncher(
  context: IContext,
  id: string,
  cwd: string
): MainAreaWidget<ProvidersLauncher> {
  const { app, labShell, browser, translator } = context;
  const { commands, shell, serviceManager } = app;
  const isOpen = (widget: Widget): boolean =>
    [...shell.widgets('main')].includes(widget);
  const launcher = new ProvidersLauncher({
    model: context.model,
    cwd,
    commands,
    translator,
    providers: context.providers,
    collapsed: context.collapsed,
    kernels: serviceManager.kernels,
    kernelspecs: serviceManager.kernelspecs,
    callback: widget => {
      if (isOpen(widget)) {
        shell.add(widget, 'main', { ref: id });
        launcher.dispose();
      }
    }
  });
  launcher.title.icon = launcherIcon;
  launcher.title.label = translator.load('jupyterlab').__('Launcher');

  const main = new MainAreaWidget({ content: launcher });
  main.id = id;
  // The only widget cannot be closed: a new launcher would open at once.
  main.title.closable = [...shell.widgets('main')].length > 0;
  labShell?.layoutModified.connect(() => {
    main.title.closable = [...labShell.widgets('main')].length > 1;
  }, main);
  browser?.model.pathChanged.connect(({ path }) => {
    launcher.cwd = path;
  }, launcher);
  return main;
}

/** Make the button next to the tabs of the main area open a launcher there. */
function addButton({ commands }: JupyterFrontEnd, labShell: ILabShell): void {
  labShell.addButtonEnabled = true;
  labShell.addRequested.connect((_, tabs) => {
    const title = tabs.currentTitle ?? tabs.titles[tabs.titles.length - 1];
    void commands.execute(CREATE, { ref: title?.owner.id });
  });
}

/** Open a launcher whenever the main area is empty. */
function keepOne({ commands }: JupyterFrontEnd, labShell: ILabShell): void {
  labShell.layoutModified.connect(() => {
    if (labShell.isEmpty('main')) {
      void commands.execute(CREATE);
    }
  });
}

function textIn(
  args: ReadonlyPartialJSONObject,
  key: string
): string | undefined {
  const value = args[key];
  return typeof value === 'string' ? value : undefined;
}
