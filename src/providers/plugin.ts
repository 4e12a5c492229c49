import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IConnectionStatus } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { TranslationBundle } from '@jupyterlab/translation';

import { KernelProviders, DEFAULT_PREFERENCES } from './model';
import { placementProblem } from '../naming/displayname';
import { PlacementNotice } from './placementnotice';
import { ProviderKernelSpecManager } from './kernelspecs';
import {
  CHANGED_EVENT,
  IKernelProviders,
  PLUGIN_IDS,
  TRANSLATION_DOMAIN
} from '../tokens';
import type { IPreferences } from '../tokens';

/** Provides the kernel providers, and keeps them as the server and the user say. */
export const providersPlugin: JupyterFrontEndPlugin<IKernelProviders> = {
  id: PLUGIN_IDS.providers,
  description: 'Provides the kernel providers of the server.',
  autoStart: true,
  provides: IKernelProviders,
  optional: [ISettingRegistry, IConnectionStatus, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    settings: ISettingRegistry | null,
    connection: IConnectionStatus | null,
    translator: ITranslator | null
  ): IKernelProviders => {
    const { events, kernelspecs, serverSettings } = app.serviceManager;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const providers = new KernelProviders(
      serverSettings,
      kernelspecs,
      () => connection?.isConnected === false || 'when-hidden',
      trans.__('This server')
    );
    events.stream.connect((_, event) => {
      if (event.schema_id === CHANGED_EVENT) {
        void providers.refresh();
        if (event.kernelspecs) {
          kernelspecs.refreshSpecs().catch(leaveToPoll);
        }
      }
    });
    if (settings !== null) {
      follow(app, settings, providers, trans).catch((reason: unknown) => {
        console.error(
          'The settings of the kernel providers cannot be had.',
          reason
        );
      });
    }
    return providers;
  }
};

/** Have the user's settings take effect, now and whenever they change. */
async function follow(
  app: JupyterFrontEnd,
  registry: ISettingRegistry,
  providers: KernelProviders,
  trans: TranslationBundle
): Promise<void> {
  const specs = app.serviceManager.kernelspecs;
  const settings = await registry.load(PLUGIN_IDS.providers);
  // The editor finds them by their title, which is translated.
  const query = settings.schema.title ?? '';
  const notice = new PlacementNotice(app.commands, query, trans);
  const apply = (): void => {
    const preferences = {
      ...DEFAULT_PREFERENCES,
      ...(settings.composite as Partial<IPreferences>)
    };
    const { placement } = preferences;
    const isUsable = placement === '' || placementProblem(placement) === null;
    providers.preferences = isUsable
      ? preferences
      : { ...preferences, placement: providers.preferences.placement };
    // Before that, nobody would see it.
    void app.restored.then(() => {
      notice.check(placement);
    });
    if (specs instanceof ProviderKernelSpecManager) {
      specs.place(providers.preferences.placement).catch(leaveToPoll);
    }
  };
  settings.changed.connect(apply);
  apply();
}

/** The server is away: whoever polls it tells of that, and asks it again. */
function leaveToPoll(): void {
  // Nothing to do.
}
