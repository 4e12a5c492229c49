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

import { withDisplayNames } from '../naming/displayname';
import { oneAtATime } from './singleflight';
import { encodeResourceUrl } from '../naming/resourceurl';
import { PLUGIN_IDS } from '../tokens';
import type { KernelSpecJSON, KernelSpecsJSON } from '../tokens';

/**
 * Provides the kernel specs of every provider, with resource URLs that can be fetched.
 *
 * Only one kernel spec manager can be provided, so this one stands in for
 * `@jupyterlab/services-extension:kernel-spec-manager`, which the server companion
 * switches off. Where it is still on, this one wins, since it registers later.
 */
export const specsPlugin: ServiceManagerPlugin<KernelSpec.IManager> = {
  id: PLUGIN_IDS.specs,
  description: 'Provides the kernel specifications of all kernel providers.',
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
      // As the stock plugin: polling rests while the server is away or the page hidden.
      standby: () => !connectionStatus?.isConnected || 'when-hidden'
    })
};

/** A kernel spec manager whose display names can be changed while it is in use. */
export class ProviderKernelSpecManager extends KernelSpecManager {
  constructor(options: KernelSpecManager.IOptions = {}) {
    const client = new ProviderKernelSpecAPIClient(options);
    super({ ...options, kernelSpecAPIClient: client });
    this._client = client;
  }

  /**
   * Fetch the specs now.
   *
   * Not by the poll: it rests while the page is hidden, and forgets a refresh that is
   * asked for during another one, though that may have missed what has changed since.
   */
  override refreshSpecs(): Promise<void> {
    return this._refresh();
  }

  /**
   * Name the kernels in another way, and tell of it by `specsChanged`.
   *
   * @param placement - A placement in which nothing is wrong; empty for the names that
   * the server gives.
   */
  async place(placement: string): Promise<void> {
    if (placement !== this._client.placement) {
      this._client.placement = placement;
      await this.refreshSpecs();
    }
  }

  private readonly _refresh = oneAtATime(() => this.requestSpecs());
  private readonly _client: ProviderKernelSpecAPIClient;
}

/** A client that hands out specs with the user's names and with valid resource URLs. */
export class ProviderKernelSpecAPIClient
  extends KernelSpecAPI.KernelSpecAPIClient
{
  /** See `ProviderKernelSpecManager.place`. */
  placement = '';

  /**
   * Fetch all kernel specs.
   *
   * @returns The specs as the server sent them, but for display names, resource URLs,
   * and their order: local ones come first.
   */
  override async get(): Promise<KernelSpecsJSON> {
    const request = ++this._requests;
    const specs = await super.get();
    if (request > this._latest.request) {
      this._latest = { request, specs };
    }
    // Answers may overtake each other: an older one is not to replace a newer one.
    return withDisplayNames(
      encodeResources(this._latest.specs),
      this.placement
    );
  }

  private _requests = 0;
  private _latest: { request: number; specs: KernelSpecsJSON } = {
    request: 0,
    specs: { default: '', kernelspecs: {} }
  };
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
