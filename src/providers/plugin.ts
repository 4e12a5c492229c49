import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IConnectionStatus } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { TranslationBundle } from '@jupyterlab/translation';

import { placementProblem } from '../naming';
import {
  CHANGED_EVENT,
  IKernelProviders,
  PLUGIN_IDS,
  TRANSLATION_DOMAIN
} from '../tokens';
import type { IPreferences } from '../tokens';
import { ProviderKernelSpecManager } from './kernelspecs';
import { DEFAULT_PREFERENCES, KernelProviders } from './model';
import { PlacementNotice } from './placementnotice';

/** Provides the kernel providers, updated by the server's events and the user's settings. */
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
          'Could not load the settings of the kernel providers.',
          reason
        );
      });
    }
    return providers;
  }
};

/** Apply the user's settings, now and whenever they change. */
async function follow(
  app: JupyterFrontEnd,
  registry: ISettingRegistry,
  providers: KernelProviders,
  trans: TranslationBundle
): Promise<void> {
  const specs = app.serviceManager.kernelspecs;
  const settings = await registry.load(PLUGIN_IDS.providers);
  // The Settings Editor finds settings by their title, which is translated.
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
    // A notification before that would not be seen.
    void app.restored.then(() => {
      notice.check(placement);
    });
    if (specs instanceof ProviderKernelSpecManager) {
      specs.setPlacement(providers.preferences.placement).catch(leaveToPoll);
    }
  };
  providers.saveStarred = names => settings.set('starred', [...names]);
  providers.saveHint = isShown => settings.set('hint', isShown);
  settings.changed.connect(apply);
  apply();
}

/** Ignore that the server is away: the poll reports that, and tries again. */
function leaveToPoll(): void {
  // Nothing to do.
}
