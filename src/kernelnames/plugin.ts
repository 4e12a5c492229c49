import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  IKernelStatusModel,
  ISessionContextDialogs,
  IToolbarWidgetRegistry,
  SessionContextDialogs
} from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import { IConsoleTracker } from '@jupyterlab/console';
import type { ConsolePanel } from '@jupyterlab/console';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRunningSessionManagers } from '@jupyterlab/running';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

import { KernelNameButton } from './toolbarbutton';
import { PLUGIN_IDS } from '../tokens';

/** A document with a kernel, as far as its toolbar needs to know it. */
type Panel = Widget & { readonly sessionContext: ISessionContext };

/**
 * Keeps kernels' names up to date where JupyterLab shows them; the launcher, the
 * pickers and the menus read them by themselves.
 */
export const namesPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_IDS.names,
  description: 'Shows kernels by their names of this moment.',
  autoStart: true,
  // The trackers' plugins register the stock buttons, which have to be there first.
  optional: [
    IToolbarWidgetRegistry,
    ISessionContextDialogs,
    INotebookTracker,
    IConsoleTracker,
    IKernelStatusModel,
    IRunningSessionManagers,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    toolbars: IToolbarWidgetRegistry | null,
    stockDialogs: ISessionContextDialogs | null,
    _notebooks: INotebookTracker | null,
    consoles: IConsoleTracker | null,
    status: IKernelStatusModel | null,
    running: IRunningSessionManagers | null,
    stockTranslator: ITranslator | null
  ): void => {
    const specs = app.serviceManager.kernelspecs;
    const translator = stockTranslator ?? nullTranslator;
    const dialogs = stockDialogs ?? new SessionContextDialogs({ translator });
    // The words are the stock ones.
    const trans = translator.load('jupyterlab');
    const createButton = (panel: Panel): Widget => {
      const { sessionContext } = panel;
      const options = { sessionContext, dialogs, specs, trans };
      const button = new KernelNameButton(options);
      // Toolbars let go of a button that is replaced, but do not dispose of it.
      panel.disposed.connect(() => {
        button.dispose();
      });
      return button;
    };
    for (const factory of ['Notebook', 'ConsolePanel']) {
      toolbars?.addFactory<Panel>(factory, 'kernelName', createButton);
    }
    specs.specsChanged.connect(() => {
      refreshStatus(status);
      refreshRunning(running);
      consoles?.forEach(panel => {
        refreshCaption(panel, trans);
      });
    });
  }
};

/** Adds no session; the status item reads the current one's again when it is asked. */
const noSession = (): null => null;

/** Have the status bar's kernel item read its name again. */
function refreshStatus(status: IKernelStatusModel | null): void {
  // The first reading takes the name over but does not draw it: up to JupyterLab 4.6
  // the item draws itself only where nothing has changed.
  status?.addSessionProvider(noSession);
  status?.addSessionProvider(noSession);
}

/** Have the list of running kernels read their names again. */
function refreshRunning(managers: IRunningSessionManagers | null): void {
  for (const manager of managers?.items() ?? []) {
    // The list's own refresh tells of running kernels only if these are others, so it
    // has to be told in their stead. That list is the one whose items are kernelspecs;
    // its name is translated.
    const isOfKernels = manager
      .running({ mode: 'tree' })
      .some(({ className }) => className === 'jp-mod-kernelspec');
    const { runningChanged } = manager;
    if (isOfKernels && runningChanged instanceof Signal) {
      runningChanged.emit(undefined);
    }
  }
}

/** Put the kernel's name into the tooltip of a console's tab. */
function refreshCaption(panel: ConsolePanel, trans: TranslationBundle): void {
  const kernel = trans.__('Kernel: %1', '');
  const name = panel.sessionContext.kernelDisplayName;
  const { title } = panel;
  title.caption = title.caption
    .split('\n')
    .map(line => (line.startsWith(kernel) ? `${kernel}${name}` : line))
    .join('\n');
}
