import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IRunningSessionManagers } from '@jupyterlab/running';
import type { IRunningSessions } from '@jupyterlab/running';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { fillContextMenu } from '../providers';
import { IKernelProviders, PLUGIN_IDS, TRANSLATION_DOMAIN } from '../tokens';
import { PROVIDER_CLASS, ProviderSessions } from './sessions';
import { shutdownAllText } from './shutdowntext';

/**
 * Adds the providers to the running panel, once there are two. The panel's own question
 * about all kernels then says where they run.
 */
export const runningPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_IDS.running,
  description: 'Adds the kernel providers to the panel of running sessions.',
  autoStart: true,
  requires: [IKernelProviders, IRunningSessionManagers],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    providers: IKernelProviders,
    managers: IRunningSessionManagers,
    stockTranslator: ITranslator | null
  ): void => {
    const translator = stockTranslator ?? nullTranslator;
    const services = app.serviceManager;
    const add = (): void => {
      if (providers.providers.length < 2) {
        return;
      }
      providers.changed.disconnect(add);
      const { commands } = app;
      managers.add(
        new ProviderSessions({ providers, services, commands, translator })
      );
      const kernels = translator.load('jupyterlab').__('Kernels');
      const trans = translator.load(TRANSLATION_DOMAIN);
      const count = (manager: IRunningSessions.IManager): void => {
        if (manager.name === kernels) {
          manager.shutdownAllConfirmationText = () =>
            shutdownAllText(providers, services.kernels.running(), trans);
        }
      };
      managers.items().forEach(count);
      managers.added.connect((_, manager) => {
        count(manager);
      });
      fillContextMenu(
        app.contextMenu,
        providers,
        id => `.jp-RunningSessions-item.${PROVIDER_CLASS}[data-context=${id}]`
      );
    };
    providers.changed.connect(add);
    add();
  }
};
