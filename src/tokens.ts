import type { Kernel, KernelSpec } from '@jupyterlab/services';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

/** Name of the package, and the part of every plugin id before the `:`. */
export const PACKAGE_NAME = 'kernel-providers-ext';

/** Name of the translations' domain. */
export const TRANSLATION_DOMAIN = 'kernel_providers_ext';

/** Ids of the plugins; each can be disabled alone. */
export const PLUGIN_IDS = {
  specs: `${PACKAGE_NAME}:specs`,
  providers: `${PACKAGE_NAME}:providers`,
  names: `${PACKAGE_NAME}:names`,
  commands: `${PACKAGE_NAME}:commands`,
  launcher: `${PACKAGE_NAME}:launcher`,
  dialogs: `${PACKAGE_NAME}:dialogs`,
  missing: `${PACKAGE_NAME}:missing`,
  status: `${PACKAGE_NAME}:status`,
  notifications: `${PACKAGE_NAME}:notifications`,
  settingFields: `${PACKAGE_NAME}:setting-fields`
} as const;

/** Commands about one provider; their arguments are `{ id }`, the provider's. */
export const COMMAND_IDS = {
  retry: 'kernel-providers:retry',
  details: 'kernel-providers:details',
  shutDownAll: 'kernel-providers:shut-down-all'
} as const;

/** Joins provider and kernel in the name of a remote kernel: `gpu-farm/python3`. */
export const NAME_SEPARATOR = '/';

/** Id of the provider that stands for the server's own kernels. */
export const LOCAL_ID = 'local';

/** The server's event after a change of kernelspecs or of a provider's state. */
export const CHANGED_EVENT =
  'https://events.jupyter.org/kernel_providers_ext/changed/v1';

/**
 * Answer of `GET api/kernelspecs`: `default` is the name of a kernel,
 * `kernelspecs` maps names such as `python3` or `gpu-farm/python3` to specs.
 */
export type KernelSpecsJSON = KernelSpec.ISpecModels;

/**
 * One kernel specification. `resources` maps keys such as `logo-64x64` to URLs:
 * paths on this server, or absolute URLs. The `metadata` of a remote kernel has the
 * flat strings `kernel_provider` (an id), `kernel_provider_label`, and
 * `kernel_display_name` (the provider's own display name).
 */
export type KernelSpecJSON = KernelSpec.ISpecModel;

/** Whether a provider can be reached, as the server says it. */
export type ProviderState =
  | 'checking'
  | 'online'
  | 'slow'
  | 'offline'
  | 'unauthorised'
  | 'incompatible'
  | 'off';

/**
 * What keeps a kernel from being used that is there, or will be: its start takes long, or
 * the server has lost the connection to it and opens it again.
 */
export type KernelPhase = 'starting' | 'reconnecting';

/** A kernel of this server that is between two states. */
export interface IUnderwayJSON {
  kernel_id: string;
  phase: KernelPhase;
  since: string;
}

/** A provider in the answer of `GET api/kernel-providers`. Times are ISO 8601. */
export interface IProviderJSON {
  id: string;
  label: string;
  kind: string;
  url: string | null;
  /** Where it is configured. */
  source: string | null;
  state: ProviderState;
  /** A word for why it is not well, such as `refused`; empty where it is. */
  reason: string;
  /** What differs from case to case with the same reason, such as a status. */
  detail: string;
  /** Why it is not well, for people; empty where it is. */
  sentence: string;
  since: string;
  last_seen: string | null;
  latency_ms: number | null;
  /** `stale` are those of a provider that has not answered since. */
  kernelspecs: 'none' | 'fresh' | 'stale';
  /** Seconds until the server asks it again by itself; null if it does not. */
  retry_in: number | null;
  /** Older servers do not tell. */
  underway?: IUnderwayJSON[];
}

/** A provider that was left out because of its configuration. */
export interface IProblemJSON {
  id: string;
  source: string;
  sentence: string;
}

/** Answer of `GET api/kernel-providers`. */
export interface IProvidersJSON {
  /** Id of the provider whose kernels' names have no prefix. */
  default: string;
  /** The administrator's template for display names. */
  template: string;
  providers: IProviderJSON[];
  problems: IProblemJSON[];
}

/** A kernel of this server that is between two states, as last heard of. */
export interface IUnderway {
  readonly kernelId: string;
  readonly phase: KernelPhase;
  readonly since: Date;
}

/** A kernel provider, as last heard of. */
export interface IProvider {
  readonly id: string;
  /** Its name for people; unique. */
  readonly label: string;
  readonly kind: string;
  readonly url: string | null;
  readonly source: string | null;
  readonly state: ProviderState;
  readonly reason: string;
  readonly detail: string;
  readonly sentence: string;
  readonly since: Date;
  readonly lastSeen: Date | null;
  /** Milliseconds that the last answer took. */
  readonly latency: number | null;
  readonly kernelspecs: 'none' | 'fresh' | 'stale';
  /** When the server asks it again by itself, by the browser's clock. */
  readonly retryAt: Date | null;
  readonly underway: readonly IUnderway[];
}

/** How much is told of providers that become unreachable, or reachable again. */
export type NotifyLevel = 'none' | 'problems' | 'all';

/** What a user can set; see `schema/providers.json`. */
export interface IPreferences {
  /**
   * Where the provider's name stands in a kernel's display name: `suffix`, `prefix`,
   * `none`, or a template; empty for what the administrator has set.
   */
  readonly placement: string;
  /** Whether the launcher has a section for each provider. */
  readonly sections: boolean;
  /** Ids of providers in the order of their sections; the others come after. */
  readonly order: readonly string[];
  readonly statusItem: boolean;
  readonly notify: NotifyLevel;
  /** Seconds from one look at the server's providers to the next, without an event. */
  readonly checkInterval: number;
  readonly confirmShutdown: boolean;
  /** Whether the logo of a remote kernel has its provider's initial on it. */
  readonly badge: boolean;
}

/** The kernel providers of the server, as far as the front end knows them. */
export interface IKernelProviders {
  /** Fulfilled after the server has answered for the first time, or has failed to. */
  readonly ready: Promise<void>;

  /** All providers in the order of their sections; replaced when anything changes. */
  readonly providers: readonly IProvider[];

  /** Those that are left out. */
  readonly problems: readonly IProblemJSON[];

  /**
   * The administrator's template for display names, for users without a placement of
   * their own; empty until the server has answered.
   */
  readonly template: string;

  readonly preferences: IPreferences;

  /** Emitted after any of these was replaced. */
  readonly changed: ISignal<IKernelProviders, void>;

  /** The provider with an id; undefined if the server has none. */
  get(id: string): IProvider | undefined;

  /**
   * The id of the provider that a kernel belongs to, whether or not there is one.
   *
   * @param kernelName - A name such as `python3` or `gpu-farm/python3`.
   */
  idOf(kernelName: string): string;

  /** Ask the server for its providers now; never fails. */
  refresh(): Promise<void>;

  /**
   * Have the server ask a provider now.
   *
   * @returns A promise that is fulfilled when the attempt has ended, well or not; it
   * is rejected if the server itself cannot be asked.
   */
  retry(id: string): Promise<void>;

  /**
   * Have the server ask a provider for the kernels that run there and that it has not
   * started itself.
   *
   * @returns A promise that is rejected, with a sentence, if they cannot be had.
   */
  kernelsElsewhere(id: string): Promise<readonly Kernel.IModel[]>;

  /**
   * Make one of those kernels one of the server's.
   *
   * @returns A promise of the kernel, which may have another id here; it is rejected, with a
   * sentence, if that cannot be done.
   */
  attach(id: string, kernelId: string): Promise<Kernel.IModel>;
}

/** The token of the kernel providers. */
export const IKernelProviders = new Token<IKernelProviders>(
  `${PACKAGE_NAME}:IKernelProviders`,
  'The kernel providers of the server, with their states and the preferences about them.'
);
