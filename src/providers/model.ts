import type {
  Kernel,
  KernelSpec,
  ServerConnection
} from '@jupyterlab/services';
import { JSONExt } from '@lumino/coreutils';
import type { ReadonlyJSONValue } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import { providerOf } from '../naming/displayname';
import { oneAtATime } from './singleflight';
import {
  attachKernel,
  fetchElsewhere,
  fetchProviders,
  retryProvider
} from './requests';
import { LOCAL_ID, NAME_SEPARATOR } from '../tokens';
import type {
  IKernelProviders,
  IPreferences,
  IProblemJSON,
  IProvider,
  IProviderJSON,
  IProvidersJSON
} from '../tokens';

/** Seconds from one look to the next while a provider is not well, or a kernel under way. */
const WAITING_INTERVAL = 10;

/** The preferences of a user who has set none; as in `schema/providers.json`. */
export const DEFAULT_PREFERENCES: IPreferences = {
  placement: '',
  sections: true,
  order: [],
  badge: false,
  statusItem: true,
  notify: 'problems',
  checkInterval: 60,
  confirmShutdown: true
};

/**
 * The kernel providers of the server, looked at again and again.
 *
 * Until the server has answered, and where it has no companion, there is no provider.
 */
export class KernelProviders implements IKernelProviders, IDisposable {
  /**
   * @param settings - The connection to the server.
   * @param specs - Tells which provider a kernel belongs to.
   * @param standby - When not to look.
   * @param localLabel - The name of this server for people, in their language.
   */
  constructor(
    settings: ServerConnection.ISettings,
    specs: KernelSpec.IManager,
    standby: Poll.Standby | (() => boolean | Poll.Standby) = 'when-hidden',
    localLabel = 'This server'
  ) {
    this._localLabel = localLabel;
    this._settings = settings;
    this._specs = specs;
    this._poll = new Poll({
      auto: false,
      factory: this._look,
      frequency: frequencyOf(DEFAULT_PREFERENCES.checkInterval),
      name: 'kernel-providers-ext#providers',
      standby
    });
    this.ready = this._look().then(
      () => this._poll.schedule(),
      () => this._poll.start()
    );
  }

  readonly ready: Promise<void>;

  get providers(): readonly IProvider[] {
    return this._providers;
  }

  get problems(): readonly IProblemJSON[] {
    return this._json.problems;
  }

  get template(): string {
    return this._json.template;
  }

  get preferences(): IPreferences {
    return this._preferences;
  }
  set preferences(preferences: IPreferences) {
    const { checkInterval } = this._preferences;
    this._preferences = preferences;
    this._arrange();
    this._changed.emit();
    if (preferences.checkInterval !== checkInterval) {
      // Else the interval that is running, maybe a long one, would have to end first.
      void this._poll.refresh();
    }
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    this._poll.dispose();
    Signal.clearData(this);
  }

  get(id: string): IProvider | undefined {
    return this._providers.find(provider => provider.id === id);
  }

  idOf(kernelName: string): string {
    const spec = this._specs.specs?.kernelspecs[kernelName];
    if (spec !== undefined) {
      return providerOf(spec)?.id ?? this._json.default;
    }
    const end = kernelName.indexOf(NAME_SEPARATOR);
    return end === -1 ? this._json.default : kernelName.slice(0, end);
  }

  async refresh(): Promise<void> {
    // Not by the poll: it rests while the page is hidden, and forgets a refresh that is
    // asked for during another one.
    await this._look().catch(() => undefined);
  }

  async retry(id: string): Promise<void> {
    await retryProvider(this._settings, id);
    await Promise.allSettled([this.refresh(), this._specs.refreshSpecs()]);
  }

  kernelsElsewhere(id: string): Promise<readonly Kernel.IModel[]> {
    return fetchElsewhere(this._settings, id);
  }

  attach(id: string, kernelId: string): Promise<Kernel.IModel> {
    return attachKernel(this._settings, id, kernelId);
  }

  private async _fetch(): Promise<void> {
    const json = await fetchProviders(this._settings);
    if (!this.isDisposed) {
      this._take(json ?? NOTHING);
    }
  }

  private _take(json: IProvidersJSON): void {
    const before = this._json;
    this._json = json;
    this._providersByServer = json.providers.map(provider =>
      provider.id === LOCAL_ID
        ? { ...asProvider(provider), label: this._localLabel }
        : asProvider(provider)
    );
    this._arrange();
    if (!JSONExt.deepEqual(visible(before), visible(json))) {
      this._changed.emit();
    }
    if (isRenewed(before, json)) {
      // Where no event has told of it, Lab would show them only at its next poll.
      this._specs.refreshSpecs().catch(() => undefined);
    }
  }

  private _arrange(): void {
    const { order, checkInterval } = this._preferences;
    this._providers = inOrder(this._providersByServer, order);
    const wasWaiting = this._isWaiting;
    const retries = this._providers.flatMap(({ retryAt }) => retryAt ?? []);
    this._isWaiting =
      retries.length > 0 ||
      this._providers.some(({ underway }) => underway.length > 0);
    this._poll.frequency = frequencyOf(
      this._isWaiting
        ? Math.min(WAITING_INTERVAL, checkInterval, secondsUntil(retries))
        : checkInterval
    );
    if (this._isWaiting && !wasWaiting) {
      // Else the interval that is running, maybe a long one, would have to end first.
      void this._poll.refresh();
    }
  }

  private readonly _look = oneAtATime(() => this._fetch());
  private readonly _settings: ServerConnection.ISettings;
  private readonly _specs: KernelSpec.IManager;
  private readonly _poll: Poll;
  private readonly _localLabel: string;
  private readonly _changed = new Signal<this, void>(this);
  private _preferences = DEFAULT_PREFERENCES;
  private _isWaiting = false;
  private _json: IProvidersJSON = NOTHING;
  private _providersByServer: readonly IProvider[] = [];
  private _providers: readonly IProvider[] = [];
}

/** What is known before the server has answered. */
const NOTHING: IProvidersJSON = {
  default: LOCAL_ID,
  template: '',
  providers: [],
  problems: []
};

/** Whether a provider answered when it was last asked. */
export function isWell({ state }: Pick<IProvider, 'state'>): boolean {
  return state === 'online' || state === 'slow';
}

/**
 * Put providers into the user's order.
 *
 * @param providers - In the administrator's order.
 * @param order - Ids, first to last; those of no provider are ignored.
 *
 * @returns This server first, unless the user has put it elsewhere; then those that the
 * user has ordered; then the others.
 */
export function inOrder(
  providers: readonly IProvider[],
  order: readonly string[]
): IProvider[] {
  const wanted = order.includes(LOCAL_ID) ? order : [LOCAL_ID, ...order];
  const place = ({ id }: IProvider): number => {
    const index = wanted.indexOf(id);
    return index === -1 ? wanted.length : index;
  };
  return [...providers].sort((a, b) => place(a) - place(b));
}

/** A provider from the server's answer, with times by the browser's clock. */
function asProvider(json: IProviderJSON): IProvider {
  return {
    id: json.id,
    label: json.label,
    kind: json.kind,
    url: json.url,
    source: json.source,
    state: json.state,
    reason: json.reason,
    detail: json.detail,
    sentence: json.sentence,
    since: new Date(json.since),
    lastSeen: json.last_seen === null ? null : new Date(json.last_seen),
    latency: json.latency_ms,
    kernelspecs: json.kernelspecs,
    retryAt:
      json.retry_in === null || isWell(json)
        ? null
        : new Date(Date.now() + 1000 * json.retry_in),
    underway: (json.underway ?? []).map(({ kernel_id, phase, since }) => ({
      kernelId: kernel_id,
      phase,
      since: new Date(since)
    }))
  };
}

/** The part of an answer whose change people should see at once. */
function visible(json: IProvidersJSON): ReadonlyJSONValue {
  const providers = json.providers.map(provider => ({
    ...provider,
    ...(isWell(provider) && {
      last_seen: null,
      latency_ms: null,
      retry_in: null
    })
  }));
  return { ...json, providers } as unknown as ReadonlyJSONValue;
}

/** Whether there are new kernelspecs of a provider that had none, or old ones. */
function isRenewed(before: IProvidersJSON, after: IProvidersJSON): boolean {
  const wanting = before.providers.filter(
    ({ kernelspecs }) => kernelspecs !== 'fresh'
  );
  return after.providers.some(
    ({ id, kernelspecs }) =>
      kernelspecs === 'fresh' && wanting.some(other => other.id === id)
  );
}

/** Seconds until the first of some times is just over; never less than one. */
function secondsUntil(times: readonly Date[]): number {
  const first = Math.min(...times.map(time => time.getTime()));
  return Math.max(1, (first - Date.now()) / 1000 + 0.5);
}

function frequencyOf(seconds: number): Poll['frequency'] {
  return { interval: 1000 * seconds, backoff: true, max: 5000 * seconds };
}
