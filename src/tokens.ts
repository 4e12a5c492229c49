import type { Kernel } from '@jupyterlab/services';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

/** Name of the package, and the part of every plugin id before the `:`. */
export const PACKAGE_NAME = 'kernel-providers-ext';

/** Domain of the translations. */
export const TRANSLATION_DOMAIN = 'kernel_providers_ext';

/** Ids of the plugins; each plugin can be disabled alone. */
export const PLUGIN_IDS = {
  kernelspecs: `${PACKAGE_NAME}:kernelspecs`,
  providers: `${PACKAGE_NAME}:providers`,
  kernelNames: `${PACKAGE_NAME}:kernel-names`,
  commands: `${PACKAGE_NAME}:commands`,
  launcher: `${PACKAGE_NAME}:launcher`,
  picker: `${PACKAGE_NAME}:picker`,
  unavailable: `${PACKAGE_NAME}:unavailable`,
  kernelStatus: `${PACKAGE_NAME}:kernel-status`,
  running: `${PACKAGE_NAME}:running`,
  statusItem: `${PACKAGE_NAME}:status-item`,
  notifications: `${PACKAGE_NAME}:notifications`,
  settingsForm: `${PACKAGE_NAME}:settings-form`,
  editing: `${PACKAGE_NAME}:editing`
} as const;

/** Commands about one provider; their arguments are `{ id }`, with the provider's id. */
export const COMMAND_IDS = {
  retry: 'kernel-providers:retry',
  details: 'kernel-providers:details',
  shutDownAll: 'kernel-providers:shut-down-all',
  edit: 'kernel-providers:edit',
  replaceToken: 'kernel-providers:replace-token',
  enable: 'kernel-providers:enable',
  disable: 'kernel-providers:disable',
  remove: 'kernel-providers:remove'
} as const;

/**
 * The command that lets the user add a provider. With the argument `kernelFor`, the name of
 * a document, it returns a promise of the name of the kernel that the user selects for it,
 * or of null.
 */
export const ADD_COMMAND_ID = 'kernel-providers:add';

/** The command that shows which providers are not loaded; it has no arguments. */
export const PROBLEMS_COMMAND_ID = 'kernel-providers:show-problems';

/** Joins provider and kernel in the name of a remote kernel: `gpu-farm/python3`. */
export const NAME_SEPARATOR = '/';

/** Id of the provider of the server's own kernels. */
export const LOCAL_ID = 'local';

/** The server emits this event after kernelspecs or the state of a provider change. */
export const CHANGED_EVENT =
  'https://events.jupyter.org/kernel_providers_ext/changed/v1';

/**
 * The state of a provider.
 *
 * - `checking`: the server asks the provider, and has no answer yet;
 * - `online`: the provider answers;
 * - `slow`: the provider answers, but takes long;
 * - `blocked`: the provider answers requests, but its websockets are refused, so that its
 *   kernels start and run no cells;
 * - `offline`: the provider cannot be reached, or answers with errors;
 * - `unauthorised`: the provider refuses the server's credentials;
 * - `incompatible`: what answers is not a compatible Jupyter server;
 * - `off`: the provider is switched off in its configuration.
 */
export type ProviderState =
  | 'checking'
  | 'online'
  | 'slow'
  | 'blocked'
  | 'offline'
  | 'unauthorised'
  | 'incompatible'
  | 'off';

/**
 * Why an existing kernel cannot be used yet.
 *
 * - `starting`: its start takes long;
 * - `reconnecting`: the server lost the connection to it, and opens a new one.
 */
export type KernelPhase = 'starting' | 'reconnecting';

/** A kernel of this server that is starting or reconnecting. */
export interface IKernelPhase {
  readonly kernelId: string;
  readonly phase: KernelPhase;
  /** This server's name of the kernel. */
  readonly kernelName: string;
  /** When the phase began. */
  readonly since: Date;
  /** The session that moves to the kernel once it has started; empty if there is none. */
  readonly sessionId: string;
}

/** What the user may do with a provider. */
export type ProviderAction = 'change' | 'enable' | 'disable' | 'remove';

/** A kernel provider, as the server last described it. Objects are never changed. */
export interface IProvider {
  /** Unique and stable; the part of its kernels' names before the `/`. */
  readonly id: string;
  /** Its name for people; unique. */
  readonly label: string;
  /** The class of provider, such as `gateway` or `local`. */
  readonly kind: string;
  /** Its address; null for this server's own kernels. */
  readonly url: string | null;
  /** The file or option that configures it; null for this server's own kernels. */
  readonly source: string | null;
  /** What this user may do with it. */
  readonly may: readonly ProviderAction[];
  readonly state: ProviderState;
  /** A word for programs, such as `refused`; empty if the provider is online or slow. */
  readonly reason: string;
  /** What differs between cases with the same reason, such as an HTTP status. */
  readonly detail: string;
  /**
   * The server's sentence that says what is wrong, in English; empty if the provider is
   * online or slow.
   */
  readonly message: string;
  /** The server's sentences about a provider that works, in English, such as risks. */
  readonly warnings: readonly string[];
  /** When it came into this state, by the server's clock. */
  readonly since: Date;
  /** When it last answered, by the server's clock; null if it never has. */
  readonly lastSeen: Date | null;
  /** How many milliseconds its last answer took; null if it never answered. */
  readonly latency: number | null;
  /**
   * Whether its kernelspecs are known: `none` are, they are `fresh`, or they are `stale`
   * because it has not answered since.
   */
  readonly kernelspecs: 'none' | 'fresh' | 'stale';
  /**
   * When the server asks it again without being told to, by the browser's clock; null if
   * the server does not, or the provider is available.
   */
  readonly retryAt: Date | null;
  /** Its kernels that are starting or reconnecting. */
  readonly kernelPhases: readonly IKernelPhase[];
}

/** A provider that is not loaded because of its configuration. */
export interface IProblem {
  /** Id of the provider. */
  readonly id: string;
  /** The file or option that configures it. */
  readonly source: string;
  /** The server's sentence that says what has to be fixed, in English. */
  readonly message: string;
  /** What this user may do with it; servers of older versions leave it out. */
  readonly may?: readonly ProviderAction[];
}

/** Which changes of providers a user is notified of. */
export type NotifyLevel = 'none' | 'problems' | 'all';

/** The user's settings; `schema/providers.json` describes them. */
export interface IPreferences {
  /**
   * Where the provider's name stands in a kernel's display name: `suffix`, `prefix`,
   * `none`, or a template; empty for the administrator's default.
   */
  readonly placement: string;
  /** Whether the launcher has a section for each provider. */
  readonly sections: boolean;
  /** Ids of providers in the order of their sections; all others come after. */
  readonly order: readonly string[];
  /** Whether the status bar shows how many providers need attention. */
  readonly statusItem: boolean;
  readonly notify: NotifyLevel;
  /** Seconds between two requests for the server's providers if no event arrives. */
  readonly checkInterval: number;
  /** Whether to ask before all kernels of a provider are shut down. */
  readonly confirmShutdown: boolean;
  /** Whether the logo of a remote kernel has its provider's initial on it. */
  readonly badge: boolean;
  /** Whether recent kernels come first where there are many. */
  readonly recent: boolean;
  /** Whether kernels can be starred where there are many; starred ones come first. */
  readonly stars: boolean;
  /** The names of the starred kernels. */
  readonly starred: readonly string[];
  /** Whether the launcher says, while there is no provider, that one can be added. */
  readonly hint: boolean;
}

/** The kernel providers of the server. */
export interface IKernelProviders {
  /**
   * Fulfilled after the server answers the first time, or the first request fails; never
   * rejected.
   */
  readonly ready: Promise<void>;

  /**
   * All providers, in the order of their sections. Empty until the server answers, and
   * on a server without our companion. A new array replaces it after each change.
   */
  readonly providers: readonly IProvider[];

  /** Whether the server has our companion; true until it answers that it does not. */
  readonly hasCompanion: boolean;

  /** Whether the user may add providers of their own. */
  readonly mayAdd: boolean;

  /** The providers that are not loaded because of their configuration. */
  readonly problems: readonly IProblem[];

  /**
   * The administrator's template for display names, for users without a placement of
   * their own; empty until the server answers.
   */
  readonly template: string;

  readonly preferences: IPreferences;

  /** Names of the kernels that sessions were started with, the last one first. */
  readonly recent: readonly string[];

  /** The paths in the file browser, by `source`, of the files that it can open. */
  readonly files: Readonly<Record<string, string>>;

  /** Emitted after any of the properties above was replaced. */
  readonly changed: ISignal<IKernelProviders, void>;

  /**
   * Return a provider by its id; undefined if the server has no such provider.
   */
  get(id: string): IProvider | undefined;

  /**
   * Return the id of the provider that a kernel belongs to.
   *
   * @param kernelName - A name such as `python3` or `gpu-farm/python3`. The kernel need
   * not exist.
   *
   * @returns An id, for which `get` may return undefined.
   */
  idOf(kernelName: string): string;

  /**
   * Fetch the providers from the server now.
   *
   * @returns A promise that is fulfilled after the answer was taken over, or after the
   * request failed; never rejected.
   */
  refresh(): Promise<void>;

  /**
   * Make the server ask a provider now.
   *
   * @param id - The provider's id.
   *
   * @returns A promise that is fulfilled after the attempt, even if the provider is still
   * not available. By then `providers` and the kernelspecs are updated.
   *
   * Rejected with a `ServerConnection.NetworkError` or `ResponseError` if this server
   * cannot be reached or knows no such provider.
   */
  retry(id: string): Promise<void>;

  /**
   * Star a kernel, or remove its star.
   *
   * @returns A promise that is fulfilled after the setting was saved; rejected if it could
   * not be saved.
   */
  star(kernelName: string, isStarred: boolean): Promise<void>;

  /**
   * Do not show the hint about adding a provider again.
   *
   * @returns A promise that is fulfilled after the setting was saved; rejected if it could
   * not be saved.
   */
  dismissHint(): Promise<void>;

  /**
   * List the kernels at a provider that this server did not start.
   *
   * @param id - The provider's id.
   *
   * @returns A promise of kernel models with the ids that the provider uses. The name of
   * each has the provider's prefix.
   *
   * Rejected with an error whose message is a sentence for people if the provider is not
   * available or does not list its kernels.
   */
  otherKernels(id: string): Promise<readonly Kernel.IModel[]>;

  /**
   * Attach a kernel that `otherKernels` returned, so that this server can use it.
   *
   * @param id - The provider's id.
   * @param kernelId - The kernel's id at the provider.
   *
   * @returns A promise of the kernel as this server lists it, perhaps with another id.
   *
   * Rejected with an error whose message is a sentence for people if the kernel is gone
   * or the provider is not available.
   */
  attach(id: string, kernelId: string): Promise<Kernel.IModel>;
}

/** The token of the kernel providers. */
export const IKernelProviders = new Token<IKernelProviders>(
  `${PACKAGE_NAME}:IKernelProviders`,
  'The kernel providers of the server, their states, and the user’s preferences about them.'
);
