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

import {
  encodeResourceUrl,
  withDisplayNames,
  withReadableMetadata
} from '../naming';
import { PLUGIN_IDS } from '../tokens';
import { singleFlight } from './singleflight';

/**
 * Provides the kernelspecs of all providers, with resource URLs that the server answers.
 *
 * Only one plugin can provide a kernelspec manager, so this one replaces
 * `@jupyterlab/services-extension:kernel-spec-manager`, which our server companion
 * disables. If both are enabled, this one takes effect, as it is registered later.
 */
export const kernelSpecsPlugin: ServiceManagerPlugin<KernelSpec.IManager> = {
  id: PLUGIN_IDS.kernelspecs,
  description: 'Provides the kernelspecs of all kernel providers.',
  autoStart: true,
  provides: IKernelSpecManager,
  optional: [IServerSettings, IConnectionStatus],
  activate: (
    _app: null,
    serverSettings?: ServerConnection.ISettings | null,
    connectionStatus?: IConnectionStatus | null
  ): KernelSpec.IManager =>
    new ProviderKernelSpecManager({
      serverSettings: serverSettings ?? undefined,
      // As in the stock plugin: no polling while the server is away or the page is hidden.
      standby: () => !connectionStatus?.isConnected || 'when-hidden'
    })
};

/** A kernelspec manager whose display names can change while it is in use. */
export class ProviderKernelSpecManager extends KernelSpecManager {
  constructor(options: KernelSpecManager.IOptions = {}) {
    const client = new ProviderKernelSpecAPIClient(options);
    super({ ...options, kernelSpecAPIClient: client });
    this._client = client;
  }

  /**
   * Fetch the kernelspecs now.
   *
   * This does not use the poll: it pauses while the page is hidden, and drops a refresh
   * that is requested during another one, although the latter may miss the newest change.
   */
  override refreshSpecs(): Promise<void> {
    return this._refresh();
  }

  /**
   * Change the display names of remote kernels, and emit `specsChanged` if they differ.
   *
   * @param placement - A placement without a problem; empty for the server's names.
   */
  async setPlacement(placement: string): Promise<void> {
    if (placement !== this._client.placement) {
      this._client.placement = placement;
      await this.refreshSpecs();
    }
  }

  private readonly _refresh = singleFlight(() => this.requestSpecs());
  private readonly _client: ProviderKernelSpecAPIClient;
}

/** A client that returns kernelspecs with the user's display names and valid URLs. */
export class ProviderKernelSpecAPIClient
  extends KernelSpecAPI.KernelSpecAPIClient
{
  /** See `ProviderKernelSpecManager.setPlacement`. */
  placement = '';

  /**
   * Fetch all kernelspecs.
   *
   * @returns The server's answer with changed display names, resource URLs and metadata,
   * and with local kernelspecs first.
   */
  override async get(): Promise<KernelSpec.ISpecModels> {
    const request = ++this._requests;
    const specs = await super.get();
    if (request > this._latest.request) {
      this._latest = { request, specs };
    }
    // Answers may overtake each other; an older one must not replace a newer one.
    return withReadableMetadata(
      withDisplayNames(encodeResources(this._latest.specs), this.placement)
    );
  }

  private _requests = 0;
  private _latest: { request: number; specs: KernelSpec.ISpecModels } = {
    request: 0,
    specs: { default: '', kernelspecs: {} }
  };
}

/**
 * Encode the names of kernels in the URLs of their resources.
 *
 * @param specs - The answer of `GET api/kernelspecs`; it is not changed.
 *
 * @returns A copy that shares each unchanged kernelspec, or `specs` itself if nothing
 * changes.
 */
export function encodeResources(
  specs: KernelSpec.ISpecModels
): KernelSpec.ISpecModels {
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
 * Encode the name of one kernel in the URLs of its resources.
 *
 * @param name - The key of the kernelspec, e.g. `gpu-farm/python3`.
 * @param spec - The kernelspec; it is not changed.
 *
 * @returns A copy with encoded URLs, or `spec` itself if nothing changes.
 */
function encodeSpec(
  name: string,
  spec: KernelSpec.ISpecModel
): KernelSpec.ISpecModel {
  const entries = Object.entries(spec.resources);
  const encoded = entries.map(
    ([key, url]) => [key, encodeResourceUrl(url, name)] as const
  );
  const isSame = encoded.every(([, url], index) => url === entries[index]?.[1]);
  return isSame ? spec : { ...spec, resources: Object.fromEntries(encoded) };
}
