import {
  IConnectionStatus,
  IKernelSpecManager,
  IServerSettings,
  KernelSpecAPI,
  KernelSpecManager
} from '@jupyterlab/services';
import type {
  KernelSpec,
  ServerConnection,
  ServiceManagerPlugin
} from '@jupyterlab/services';

import { encodeResourceUrl } from './text';
import { SPECS_PLUGIN_ID } from './tokens';
import type { KernelSpecJSON, KernelSpecsJSON } from './tokens';

/**
 * Provides the kernel specs of every provider, with resource URLs that can be fetched.
 *
 * Only one kernel spec manager can be provided, so this one stands in for
 * `@jupyterlab/services-extension:kernel-spec-manager`, which the server companion
 * switches off. Where it is still on, this one wins, since it registers later.
 */
export const specsPlugin: ServiceManagerPlugin<KernelSpec.IManager> = {
  id: SPECS_PLUGIN_ID,
  description: 'Provides the kernel specifications of all kernel providers.',
  autoStart: true,
  provides: IKernelSpecManager,
  optional: [IServerSettings, IConnectionStatus],
  activate: (
    _app: null,
    serverSettings?: ServerConnection.ISettings | null,
    connectionStatus?: IConnectionStatus | null
  ): KernelSpec.IManager => {
    const settings = serverSettings ?? undefined;
    return new KernelSpecManager({
      serverSettings: settings,
      kernelSpecAPIClient: new ProviderKernelSpecAPIClient({
        serverSettings: settings
      }),
      // As the stock plugin: polling rests while the server is away or the page hidden.
      standby: () => !connectionStatus?.isConnected || 'when-hidden'
    });
  }
};

/** A client that hands out resource URLs which are valid for names with a `/` too. */
export class ProviderKernelSpecAPIClient
  extends KernelSpecAPI.KernelSpecAPIClient
{
  /**
   * Fetch all kernel specs.
   *
   * @returns The specs as the server sent them, but for the resource URLs.
   */
  override async get(): Promise<KernelSpecsJSON> {
    return encodeResources(await super.get());
  }
}

/**
 * Encode the kernels' names in the URLs of their resources.
 *
 * @param specs - The answer of `GET api/kernelspecs`; it is not changed.
 *
 * @returns A copy that shares every spec in which nothing changed, or `specs` itself
 * if nothing changed at all.
 */
export function encodeResources(specs: KernelSpecsJSON): KernelSpecsJSON {
  const entries = Object.entries(specs.kernelspecs);
  const encoded = entries.map(
    ([name, spec]) => [name, spec && encodeSpec(name, spec)] as const
  );
  const isSame = encoded.every(
    ([, spec], index) => spec === entries[index]?.[1]
  );
  return isSame
    ? specs
    : { ...specs, kernelspecs: Object.fromEntries(encoded) };
}

/**
 * Encode one kernel's name in the URLs of its resources.
 *
 * @param name - The key of the spec, e.g. `gpu-farm/python3`.
 * @param spec - The spec; it is not changed.
 *
 * @returns A copy with encoded URLs, or `spec` itself if nothing changed.
 */
function encodeSpec(name: string, spec: KernelSpecJSON): KernelSpecJSON {
  const entries = Object.entries(spec.resources);
  const encoded = entries.map(
    ([key, url]) => [key, encodeResourceUrl(url, name)] as const
  );
  const isSame = encoded.every(([, url], index) => url === entries[index]?.[1]);
  return isSame ? spec : { ...spec, resources: Object.fromEntries(encoded) };
}
