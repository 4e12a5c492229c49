import { IConnectionStatus } from '@jupyterlab/services';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { KernelProviders, DEFAULT_PREFERENCES } from './model';
import { placementProblem } from './names';
import { ProviderKernelSpecManager } from './specs';
import { CHANGED_EVENT, IKernelProviders, PLUGIN_IDS } from './tokens';
import type { IPreferences } from './tokens';

/** Provides the kernel providers, and keeps them as the server and the user say. */
export const providersPlugin: JupyterFrontEndPlugin<IKernelProviders> = {
  id: PLUGIN_IDS.providers,
  description: 'Provides the kernel providers of the server.',
  autoStart: true,
  provides: IKernelProviders,
  optional: [ISettingRegistry, IConnectionStatus],
  activate: (
    app: JupyterFrontEnd,
    settings: ISettingRegistry | null,
    connection: IConnectionStatus | null
  ): IKernelProviders => {
    const { events, kernelspecs, serverSettings } = app.serviceManager;
    const providers = new KernelProviders(
      serverSettings,
      kernelspecs,
      () => connection?.isConnected === false || 'when-hidden'
    );
    events.stream.connect((_, event) => {
      if (event.schema_id === CHANGED_EVENT) {
        void providers.refresh();
        if (event.kernelspecs) {
          void kernelspecs.refreshSpecs();
        }
      }
    });
    if (settings !== null) {
      void follow(settings, providers, kernelspecs).catch((reason: unknown) => {
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
  registry: ISettingRegistry,
  providers: KernelProviders,
  specs: unknown
): Promise<void> {
  const settings = await registry.load(PLUGIN_IDS.providers);
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
    if (specs instanceof ProviderKernelSpecManager) {
      void specs.place(providers.preferences.placement);
    }
  };
  settings.changed.connect(apply);
  apply();
}
