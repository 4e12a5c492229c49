import { ILabShell } from '@jupyterlab/application';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  IKernelStatusModel,
  ISessionContextDialogs,
  KernelStatus,
  SessionContextDialogs
} from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { Title, Widget } from '@lumino/widgets';

import { IKernelProviders, PLUGIN_IDS, TRANSLATION_DOMAIN } from '../tokens';
import { unavailabilityOf, unavailableWord } from './reason';

type SessionProvider = (widget: Widget | null) => ISessionContext | null;

/** A model of JupyterLab's status item that knows whether the kernel can be reached. */
class Model extends KernelStatus.Model {
  constructor(
    translator: ITranslator,
    /** Returns what to say of a session instead of its status; empty for the status. */
    private readonly _wordFor: (context: ISessionContext) => string
  ) {
    super(translator);
  }

  /** The name of the kernel that runs, also while the session is about to get another one. */
  override get kernelName(): string {
    const { sessionContext } = this;
    const name = sessionContext?.session?.kernel?.name ?? '';
    const spec = sessionContext?.specsManager.specs?.kernelspecs[name];
    return spec?.display_name ?? super.kernelName;
  }

  override get status(): string | undefined {
    const { sessionContext } = this;
    return (sessionContext && this._wordFor(sessionContext)) || super.status;
  }
}

/**
 * Shows the kernel of the current document in the status bar, and what it does.
 *
 * It replaces `@jupyterlab/apputils-extension:kernel-status`, which our server companion
 * disables, and which says *Idle* of a kernel whose provider cannot be reached.
 */
export const kernelStatusPlugin: JupyterFrontEndPlugin<IKernelStatusModel> = {
  id: PLUGIN_IDS.kernelStatus,
  description: 'Shows the kernel and its status in the status bar.',
  autoStart: true,
  provides: IKernelStatusModel,
  requires: [IStatusBar, IKernelProviders],
  optional: [ILabShell, ISessionContextDialogs, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    statusBar: IStatusBar,
    providers: IKernelProviders,
    labShell: ILabShell | null,
    sessionDialogs: ISessionContextDialogs | null,
    stockTranslator: ITranslator | null
  ): IKernelStatusModel => {
    const translator = stockTranslator ?? nullTranslator;
    const trans = translator.load(TRANSLATION_DOMAIN);
    const specs = app.serviceManager.kernelspecs;
    const dialogs = sessionDialogs ?? new SessionContextDialogs({ translator });
    const model = new Model(translator, ({ session }) => {
      const kernel = session?.kernel;
      if (!kernel) {
        return '';
      }
      const { id, name, connectionStatus } = kernel;
      const unavailability = unavailabilityOf(
        name,
        { id, isConnected: connectionStatus === 'connected' },
        // A kernel that runs is there, whatever else is known.
        { providers, specs: specs.specs, isReady: true, hasOthers: true }
      );
      return unavailability === null
        ? ''
        : unavailableWord(unavailability, trans);
    });
    const choose = (): void => {
      if (model.sessionContext !== null) {
        // If the kernel does not start, Lab shows an error.
        dialogs.selectKernel(model.sessionContext).catch(() => undefined);
      }
    };
    const item = new KernelStatus(
      {
        onClick: choose,
        onKeyDown: event => {
          if (['Enter', ' ', 'Spacebar'].includes(event.key)) {
            event.preventDefault();
            event.stopPropagation();
            choose();
          }
        }
      },
      translator
    );
    item.model = model;
    const redraw = (): void => {
      model.stateChanged.emit();
    };
    providers.changed.connect(redraw);
    statusBar.registerStatusItem(PLUGIN_IDS.kernelStatus, {
      item,
      align: 'left',
      rank: 1,
      priority: 1,
      isActive: () => model.sessionContext !== null,
      activeStateChanged: model.stateChanged
    });

    const sessions = new Set<SessionProvider>();
    const onTitle = ({ label }: Title<Widget>): void => {
      model.activityName = label;
    };
    let current: Widget | null = null;
    const follow = (widget: Widget | null): void => {
      current?.title.changed.disconnect(onTitle);
      widget?.title.changed.connect(onTitle);
      current = widget;
      const found = [...sessions].map(find => find(widget)).find(Boolean);
      model.sessionContext = found ?? null;
      if (widget !== null && found) {
        onTitle(widget.title);
      }
      redraw();
    };
    labShell?.currentChanged.connect((_, { newValue }) => {
      follow(newValue);
    });
    return {
      addSessionProvider: provider => {
        sessions.add(provider);
        follow(app.shell.currentWidget);
      }
    };
  }
};
