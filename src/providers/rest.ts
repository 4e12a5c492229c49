// What the routes under `api/kernel-providers` answer. Times are ISO 8601.

import type {
  IProblem,
  KernelPhase,
  ProviderAction,
  ProviderState
} from '../tokens';

/** A kernel of this server that is starting or reconnecting. */
export interface IKernelPhaseJSON {
  kernel_id: string;
  phase: KernelPhase;
  /** This server's name of the kernel; servers of older versions leave it out. */
  kernel_name?: string;
  /** When the phase began. */
  since: string;
  /**
   * The session that moves to the kernel once it has started; empty if there is none.
   * Servers of older versions leave it out.
   */
  session_id?: string;
}

/** A provider in the answer of `GET api/kernel-providers`. */
export interface IProviderJSON {
  id: string;
  label: string;
  kind: string;
  url: string | null;
  /** The file or option that configures it; null for this server's own kernels. */
  source: string | null;
  /** Servers of older versions leave it out. */
  may?: ProviderAction[];
  state: ProviderState;
  /** A word such as `refused`; empty if the provider is online or slow. */
  reason: string;
  /** What differs between cases with the same reason, such as an HTTP status. */
  detail: string;
  /** The server's message, in English; empty if the provider is online or slow. */
  message: string;
  /** Sentences about a provider that works; servers of older versions leave it out. */
  warnings?: string[];
  /** When the provider came into this state. */
  since: string;
  /** When it last answered; null if it never has. */
  last_seen: string | null;
  /** How many milliseconds its last answer took. */
  latency_ms: number | null;
  /** `stale` are the kernelspecs of a provider that has not answered since. */
  kernelspecs: 'none' | 'fresh' | 'stale';
  /** Seconds until the server asks the provider again; null if it does not. */
  retry_in: number | null;
  /** Servers of older versions leave it out. */
  kernel_phases?: IKernelPhaseJSON[];
}

/** Answer of `GET api/kernel-providers`. */
export interface IProvidersJSON {
  /** Id of the provider whose kernels' names have no prefix. */
  default: string;
  /** The administrator's template for display names. */
  template: string;
  /** Servers of older versions leave it out. */
  may_add?: boolean;
  providers: IProviderJSON[];
  problems: IProblem[];
  /**
   * Names of the kernels that sessions were started with, the last one first. Servers of
   * older versions leave it out.
   */
  recent?: string[];
  /** Paths of the contents API by source; servers of older versions leave it out. */
  files?: Record<string, string>;
}
