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
import { Widget } from '@lumino/widgets';

import { countKernels } from '../providers';
import { NO_KERNELS } from '../state';
import { IKernelProviders, PLUGIN_IDS, TRANSLATION_DOMAIN } from '../tokens';
import { PlaceChip } from './placechip';
import { KernelNameButton } from './toolbarbutton';

/** A document with a kernel. */
type Panel = Widget & { readonly sessionContext: ISessionContext };

/**
 * Shows the places of kernels in toolbars, and updates their names in JupyterLab's toolbars, status bar, list of running
 * kernels and console tabs. Launchers, pickers and menus update themselves.
 */
export const kernelNamesPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_IDS.kernelNames,
  description: 'Keeps the displayed names of kernels up to date.',
  autoStart: true,
  // The trackers' plugins register the stock buttons, which ours replace.
  optional: [
    IToolbarWidgetRegistry,
    ISessionContextDialogs,
    INotebookTracker,
    IConsoleTracker,
    IKernelStatusModel,
    IRunningSessionManagers,
    ITranslator,
    IKernelProviders
  ],
  activate: (
    app: JupyterFrontEnd,
    toolbars: IToolbarWidgetRegistry | null,
    stockDialogs: ISessionContextDialogs | null,
    _notebooks: INotebookTracker | null,
    consoles: IConsoleTracker | null,
    status: IKernelStatusModel | null,
    running: IRunningSessionManagers | null,
    stockTranslator: ITranslator | null,
    providers: IKernelProviders | null
  ): void => {
    const { kernels, kernelspecs: specs } = app.serviceManager;
    const translator = stockTranslator ?? nullTranslator;
    const dialogs = stockDialogs ?? new SessionContextDialogs({ translator });
    // The texts are JupyterLab's.
    const trans = translator.load('jupyterlab');
    // Toolbars do not dispose of a widget that they replace.
    const kept = (panel: Panel, widget: Widget): Widget => {
      panel.disposed.connect(() => {
        widget.dispose();
      });
      return widget;
    };
    const createButton = (panel: Panel): Widget => {
      const { sessionContext } = panel;
      const options = { sessionContext, dialogs, specs, providers, trans };
      return kept(panel, new KernelNameButton(options));
    };
    const createChip = (panel: Panel): Widget => {
      const { sessionContext } = panel;
      if (providers === null) {
        return new Widget();
      }
      const chip = new PlaceChip({
        sessionContext,
        providers,
        specs,
        commands: app.commands,
        trans: translator.load(TRANSLATION_DOMAIN),
        countsOf: ({ id }) =>
          countKernels(providers, specs.specs, kernels.running()).get(id) ??
          NO_KERNELS,
        onChange: () => {
          // If the kernel does not start, Lab shows an error.
          dialogs.selectKernel(sessionContext).catch(() => undefined);
        }
      });
      return kept(panel, chip);
    };
    for (const factory of ['Notebook', 'ConsolePanel']) {
      toolbars?.addFactory<Panel>(factory, 'kernelName', createButton);
      toolbars?.addFactory<Panel>(factory, 'kernelPlace', createChip);
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

/** Provides no session, but makes the status item read the name of the current kernel. */
const noSession = (): null => null;

/** Make the kernel item of the status bar read its name again. */
function refreshStatus(status: IKernelStatusModel | null): void {
  // Twice, as up to JupyterLab 4.6 the item draws itself only if nothing changed: the
  // first call takes over the name, the second one draws it.
  status?.addSessionProvider(noSession);
  status?.addSessionProvider(noSession);
}

/** Make the list of running kernels read their names again. */
function refreshRunning(managers: IRunningSessionManagers | null): void {
  for (const manager of managers?.items() ?? []) {
    // The list's own refresh emits a change only if other kernels run, so we emit one
    // ourselves. We find the list by its items, as its name is translated.
    const isOfKernels = manager
      .running({ mode: 'tree' })
      .some(({ className }) => className === 'jp-mod-kernelspec');
    const { runningChanged } = manager;
    if (isOfKernels && runningChanged instanceof Signal) {
      runningChanged.emit(undefined);
    }
  }
}

/** Update the kernel's name in the tooltip of a console's tab. */
function refreshCaption(panel: ConsolePanel, trans: TranslationBundle): void {
  const kernel = trans.__('Kernel: %1', '');
  const name = panel.sessionContext.kernelDisplayName;
  const { title } = panel;
  title.caption = title.caption
    .split('\n')
    .map(line => (line.startsWith(kernel) ? `${kernel}${name}` : line))
    .join('\n');
}
