import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ISessionContextDialogs,
  SessionContextDialogs
} from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import { IConsoleTracker } from '@jupyterlab/console';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import type { Panel, Widget } from '@lumino/widgets';

import { ProviderSessionContextDialogs } from '../picker';
import {
  COMMAND_IDS,
  IKernelProviders,
  PLUGIN_IDS,
  TRANSLATION_DOMAIN
} from '../tokens';
import { UnavailableBar } from './bar';
import { watchForEnd } from './ended';
import { showNotebooks } from './endednotebooks';
import { EndedNotices } from './endednotices';
import { KernelGuard } from './guard';

/** A notebook or a console. */
interface IDocument {
  readonly panel: Widget & { readonly contentHeader: Panel };
  readonly context: ISessionContext;
  /** Returns its language; empty if unknown. */
  readonly language: () => string;
  /** Returns how many of its cells run or wait. */
  readonly waitingCells: () => number;
}

/**
 * Adds a bar to notebooks and consoles whose provider is not available, and starts no other
 * kernel.
 */
export const unavailablePlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_IDS.unavailable,
  description:
    'Keeps notebooks and consoles on their kernel provider, and shows when it is unavailable.',
  autoStart: true,
  requires: [IKernelProviders],
  optional: [ISessionContextDialogs, IConsoleTracker, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    providers: IKernelProviders,
    sessionDialogs: ISessionContextDialogs | null,
    consoles: IConsoleTracker | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const dialogs =
      sessionDialogs ??
      new SessionContextDialogs({ translator: translator ?? nullTranslator });
    const { kernels, kernelspecs, sessions } = app.serviceManager;
    const notices = new EndedNotices({
      providers,
      trans,
      showNotebooks: (title, notebooks) =>
        void showNotebooks(title, notebooks, trans)
    });
    // A notebook with several views has one session, and thus one guard.
    const guards = new WeakMap<ISessionContext, KernelGuard>();
    const guardOf = (document: IDocument): KernelGuard => {
      const { context, panel, language } = document;
      const known = guards.get(context);
      if (known !== undefined) {
        return known;
      }
      const guard = new KernelGuard({
        context,
        providers,
        dialogs,
        kernels,
        language
      });
      guards.set(context, guard);
      // Only a connection shows whether a blocked provider still is.
      app.commands.commandExecuted.connect((_, { id, args }) => {
        if (id === COMMAND_IDS.retry && typeof args['id'] === 'string') {
          guard.retried(args['id']);
        }
      }, guard);
      watchForEnd({
        context,
        sessions,
        onEnded: kernelName => {
          guard.end(kernelName, document.waitingCells());
          notices.add(providers.idOf(kernelName), {
            name: context.name,
            kernelId: context.session?.kernel?.id ?? '',
            isOpen: () => !panel.isDisposed,
            activate: () => {
              app.shell.activateById(panel.id);
            }
          });
        }
      });
      return guard;
    };
    const addBar = (document: IDocument): IDisposable => {
      const bar = new UnavailableBar({
        guard: guardOf(document),
        commands: app.commands,
        trans,
        nameOf: name =>
          kernelspecs.specs?.kernelspecs[name]?.display_name ?? name,
        onGone: () => {
          document.panel.activate();
        }
      });
      document.panel.contentHeader.addWidget(bar);
      return bar;
    };
    if (dialogs instanceof ProviderSessionContextDialogs) {
      dialogs.declined.connect((_, context) => {
        guards.get(context)?.decline();
      });
    }
    app.docRegistry.addWidgetExtension('Notebook', {
      createNew: (
        panel: NotebookPanel,
        {
          sessionContext: context,
          model
        }: DocumentRegistry.IContext<INotebookModel>
      ): IDisposable =>
        addBar({
          panel,
          context,
          language: () => languageOf(model),
          waitingCells: () => waitingCells(model)
        })
    });
    consoles?.widgetAdded.connect((_, panel) => {
      const context = panel.sessionContext;
      addBar({
        panel,
        context,
        language: () => context.kernelPreference.language ?? '',
        waitingCells: () => 0
      });
    });
  }
};

/** Return the language of a notebook; before its first run, only its kernelspec has it. */
function languageOf(model: INotebookModel): string {
  const kernelspec = model.getMetadata('kernelspec') as
    { readonly language?: unknown } | undefined;
  const language = kernelspec?.language;
  return (
    model.defaultKernelLanguage ||
    (typeof language === 'string' ? language : '')
  );
}

/** Return how many cells of a notebook run or wait. */
function waitingCells({ cells }: INotebookModel): number {
  return [...cells].filter(
    cell => 'executionState' in cell && cell.executionState === 'running'
  ).length;
}
