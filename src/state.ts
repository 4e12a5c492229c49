import { LOCAL_ID } from './tokens';
import type { IProvider } from './tokens';

/** How many kernels a provider has. */
export interface IKernelCounts {
  /** Kernelspecs, that is kernels that can be started. */
  readonly kernels: number;
  readonly running: number;
}

/** The counts of a provider that has no kernels. */
export const NO_KERNELS: IKernelCounts = { kernels: 0, running: 0 };

/**
 * Whether a provider answered when the server last asked it. Its kernels can be listed and
 * started, but run no cells if it is blocked.
 */
export function isAvailable({ state }: Pick<IProvider, 'state'>): boolean {
  return state === 'online' || state === 'slow' || state === 'blocked';
}

/**
 * Whether a provider is blocked, offline, unauthorised or incompatible.
 *
 * This is not the opposite of `isAvailable`: a provider that is blocked is both, and one
 * that is being checked or is switched off is neither.
 */
export function needsAttention({ state }: Pick<IProvider, 'state'>): boolean {
  return (
    state === 'blocked' ||
    state === 'offline' ||
    state === 'unauthorised' ||
    state === 'incompatible'
  );
}

/** Whether all is well with a provider: it is online or slow. */
export function isWell(provider: Pick<IProvider, 'state'>): boolean {
  return isAvailable(provider) && !needsAttention(provider);
}

/** The state of all remote providers that are not switched off. */
export interface ISummary {
  /** The providers that need attention. */
  readonly affected: readonly IProvider[];
  /** How many providers there are. */
  readonly total: number;
}

/** Sum up the state of the remote providers. */
export function summaryOf(providers: readonly IProvider[]): ISummary {
  const remote = providers.filter(
    ({ id, state }) => id !== LOCAL_ID && state !== 'off'
  );
  return { affected: remote.filter(needsAttention), total: remote.length };
}
