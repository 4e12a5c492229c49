import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ISessionContextDialogs,
  SessionContextDialogs
} from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import { ProviderSessionContextDialogs } from '../picker/plugin';
import { KernelGuard } from './guard';
import { tellOfLostKernels } from './ended';
import { MissingBar } from './bar';
import { IKernelProviders, PLUGIN_IDS, TRANSLATION_DOMAIN } from '../tokens';

/** Adds a bar to notebooks whose provider cannot be used, and starts nothing elsewhere. */
export const missingPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_IDS.missing,
  description:
    'Keeps notebooks on their kernel provider, and says when it cannot be used.',
  autoStart: true,
  requires: [IKernelProviders],
  optional: [ISessionContextDialogs, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    providers: IKernelProviders,
    sessionDialogs: ISessionContextDialogs | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const dialogs =
      sessionDialogs ??
      new SessionContextDialogs({ translator: translator ?? nullTranslator });
    const { kernelspecs, sessions } = app.serviceManager;
    // A notebook that is shown more than once has one session, and so one guard.
    const guards = new WeakMap<ISessionContext, KernelGuard>();
    const guardOf = (
      context: ISessionContext,
      model: INotebookModel
    ): KernelGuard => {
      const known = guards.get(context);
      if (known !== undefined) {
        return known;
      }
      const language = (): string => languageOf(model);
      const guard = new KernelGuard({ context, providers, dialogs, language });
      guards.set(context, guard);
      tellOfLostKernels({ context, sessions, providers, trans });
      return guard;
    };
    if (dialogs instanceof ProviderSessionContextDialogs) {
      dialogs.declined.connect((_, context) => {
        guards.get(context)?.decline();
      });
    }
    app.docRegistry.addWidgetExtension('Notebook', {
      createNew: (
        panel: NotebookPanel,
        { sessionContext, model }: DocumentRegistry.IContext<INotebookModel>
      ): IDisposable => {
        const bar = new MissingBar({
          guard: guardOf(sessionContext, model),
          commands: app.commands,
          trans,
          nameOf: name =>
            kernelspecs.specs?.kernelspecs[name]?.display_name ?? name,
          onGone: () => {
            panel.activate();
          }
        });
        panel.contentHeader.addWidget(bar);
        return bar;
      }
    });
  }
};

/** The language of a notebook, which one that was never run has with its kernel only. */
function languageOf(model: INotebookModel): string {
  const kernelspec = model.getMetadata('kernelspec') as
    { readonly language?: unknown } | undefined;
  const language = kernelspec?.language;
  return (
    model.defaultKernelLanguage ||
    (typeof language === 'string' ? language : '')
  );
}
