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

import { providerOf } from '../naming';
import { isAvailable } from '../state';
import { LOCAL_ID, NAME_SEPARATOR } from '../tokens';
import type {
  IKernelProviders,
  IPreferences,
  IProblem,
  IProvider
} from '../tokens';
import {
  attachKernel,
  fetchOtherKernels,
  fetchProviders,
  retryProvider
} from './requests';
import type { IProviderJSON, IProvidersJSON } from './rest';
import { singleFlight } from './singleflight';

/** Seconds between requests while the server retries a provider or a kernel has a phase. */
const WAITING_INTERVAL = 10;

/** The defaults of the settings, as in `schema/providers.json`. */
export const DEFAULT_PREFERENCES: IPreferences = {
  placement: '',
  sections: true,
  order: [],
  badge: false,
  statusItem: true,
  notify: 'problems',
  checkInterval: 60,
  confirmShutdown: true,
  recent: true,
  stars: true,
  starred: [],
  hint: true
};

/**
 * The kernel providers of the server, polled and updated by events.
 *
 * There are no providers until the server answers, and none if it has no companion.
 */
export class KernelProviders implements IKernelProviders, IDisposable {
  /**
   * @param settings - The connection to the server.
   * @param specs - Its metadata says which provider a kernel belongs to.
   * @param standby - When to pause polling.
   * @param localLabel - The label of this server's own kernels, in the user's language.
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
      factory: this._update,
      frequency: frequencyOf(DEFAULT_PREFERENCES.checkInterval),
      name: 'kernel-providers-ext#providers',
      standby
    });
    this.ready = this._update().then(
      () => this._poll.schedule(),
      () => this._poll.start()
    );
  }

  readonly ready: Promise<void>;

  get providers(): readonly IProvider[] {
    return this._providers;
  }

  get hasCompanion(): boolean {
    return this._hasCompanion;
  }

  get mayAdd(): boolean {
    return this._json.may_add === true;
  }

  get problems(): readonly IProblem[] {
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
    this._reorder();
    this._changed.emit();
    if (preferences.checkInterval !== checkInterval) {
      // Otherwise the current interval, perhaps a long one, would end first.
      void this._poll.refresh();
    }
  }

  get recent(): readonly string[] {
    return this._json.recent ?? [];
  }

  get files(): Readonly<Record<string, string>> {
    return this._json.files ?? {};
  }

  /** Saves the names of the starred kernels; null while there are no settings. */
  saveStarred: ((names: readonly string[]) => Promise<void>) | null = null;

  async star(kernelName: string, isStarred: boolean): Promise<void> {
    const { starred } = this._preferences;
    const others = starred.filter(name => name !== kernelName);
    const names = isStarred ? [...others, kernelName] : others;
    this.preferences = { ...this._preferences, starred: names };
    await this.saveStarred?.(names);
  }

  /** Saves that the hint was dismissed; null while there are no settings. */
  saveHint: ((isShown: boolean) => Promise<void>) | null = null;

  async dismissHint(): Promise<void> {
    this.preferences = { ...this._preferences, hint: false };
    await this.saveHint?.(false);
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
    // Not by the poll: it pauses while the page is hidden, and drops a refresh that is
    // requested during another one.
    await this._update().catch(() => undefined);
  }

  async retry(id: string): Promise<void> {
    await retryProvider(this._settings, id);
    await Promise.allSettled([this.refresh(), this._specs.refreshSpecs()]);
  }

  otherKernels(id: string): Promise<readonly Kernel.IModel[]> {
    return fetchOtherKernels(this._settings, id);
  }

  attach(id: string, kernelId: string): Promise<Kernel.IModel> {
    return attachKernel(this._settings, id, kernelId);
  }

  private async _fetch(): Promise<void> {
    const json = await fetchProviders(this._settings);
    if (!this.isDisposed) {
      const hadCompanion = this._hasCompanion;
      this._hasCompanion = json !== null;
      this._apply(json ?? NOTHING, this._hasCompanion !== hadCompanion);
    }
  }

  private _apply(json: IProvidersJSON, isOther: boolean): void {
    const before = this._json;
    this._json = json;
    this._providersByServer = json.providers.map(provider =>
      provider.id === LOCAL_ID
        ? { ...toProvider(provider), label: this._localLabel }
        : toProvider(provider)
    );
    this._reorder();
    if (isOther || !JSONExt.deepEqual(visible(before), visible(json))) {
      this._changed.emit();
    }
    if (hasFreshKernelspecs(before, json)) {
      // Without an event, Lab would show them only after its next poll.
      this._specs.refreshSpecs().catch(() => undefined);
    }
  }

  private _reorder(): void {
    const { order, checkInterval } = this._preferences;
    this._providers = inOrder(this._providersByServer, order);
    const wasWaiting = this._isWaiting;
    const retries = this._providers.flatMap(({ retryAt }) => retryAt ?? []);
    this._isWaiting =
      retries.length > 0 ||
      this._providers.some(({ kernelPhases }) => kernelPhases.length > 0);
    this._poll.frequency = frequencyOf(
      this._isWaiting
        ? Math.min(WAITING_INTERVAL, checkInterval, secondsUntil(retries))
        : checkInterval
    );
    if (this._isWaiting && !wasWaiting) {
      // Otherwise the current interval, perhaps a long one, would end first.
      void this._poll.refresh();
    }
  }

  private readonly _update = singleFlight(() => this._fetch());
  private readonly _settings: ServerConnection.ISettings;
  private readonly _specs: KernelSpec.IManager;
  private readonly _poll: Poll;
  private readonly _localLabel: string;
  private readonly _changed = new Signal<this, void>(this);
  private _preferences = DEFAULT_PREFERENCES;
  private _isWaiting = false;
  private _hasCompanion = true;
  private _json: IProvidersJSON = NOTHING;
  private _providersByServer: readonly IProvider[] = [];
  private _providers: readonly IProvider[] = [];
}

/** The state before the server answers. */
const NOTHING: IProvidersJSON = {
  default: LOCAL_ID,
  template: '',
  providers: [],
  problems: []
};

/**
 * Put providers into the user's order.
 *
 * @param providers - In the administrator's order; not changed.
 * @param order - Ids, first to last; unknown ids are ignored.
 *
 * @returns This server first, unless `order` contains it; then the providers in `order`;
 * then the others.
 */
export function inOrder(
  providers: readonly IProvider[],
  order: readonly string[]
): IProvider[] {
  const wanted = order.includes(LOCAL_ID) ? order : [LOCAL_ID, ...order];
  const rank = ({ id }: IProvider): number => {
    const index = wanted.indexOf(id);
    return index === -1 ? wanted.length : index;
  };
  return [...providers].sort((a, b) => rank(a) - rank(b));
}

/** Convert a provider of the server's answer; `retryAt` is by the browser's clock. */
function toProvider(json: IProviderJSON): IProvider {
  return {
    id: json.id,
    label: json.label,
    kind: json.kind,
    url: json.url,
    source: json.source,
    may: json.may ?? [],
    state: json.state,
    reason: json.reason,
    detail: json.detail,
    message: json.message,
    warnings: json.warnings ?? [],
    since: new Date(json.since),
    lastSeen: json.last_seen === null ? null : new Date(json.last_seen),
    latency: json.latency_ms,
    kernelspecs: json.kernelspecs,
    retryAt:
      json.retry_in === null || isAvailable(json)
        ? null
        : new Date(Date.now() + 1000 * json.retry_in),
    kernelPhases: (json.kernel_phases ?? []).map(
      ({ kernel_id, kernel_name, phase, since, session_id }) => ({
        kernelId: kernel_id,
        kernelName: kernel_name ?? '',
        phase,
        since: new Date(since),
        sessionId: session_id ?? ''
      })
    )
  };
}

/** The part of an answer that `changed` is emitted for. */
function visible(json: IProvidersJSON): ReadonlyJSONValue {
  const providers = json.providers.map(provider => ({
    ...provider,
    ...(isAvailable(provider) && {
      last_seen: null,
      latency_ms: null,
      retry_in: null
    })
  }));
  return { ...json, providers } as unknown as ReadonlyJSONValue;
}

/** Whether a provider has fresh kernelspecs that had none or stale ones before. */
function hasFreshKernelspecs(
  before: IProvidersJSON,
  after: IProvidersJSON
): boolean {
  const waiting = before.providers.filter(
    ({ kernelspecs }) => kernelspecs !== 'fresh'
  );
  return after.providers.some(
    ({ id, kernelspecs }) =>
      kernelspecs === 'fresh' && waiting.some(other => other.id === id)
  );
}

/** Seconds until just after the earliest of some times; at least one. */
function secondsUntil(times: readonly Date[]): number {
  const first = Math.min(...times.map(time => time.getTime()));
  return Math.max(1, (first - Date.now()) / 1000 + 0.5);
}

function frequencyOf(seconds: number): Poll['frequency'] {
  return { interval: 1000 * seconds, backoff: true, max: 5000 * seconds };
}
