import type { KernelSpec } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import { nameAtProvider, providerOf } from '../naming';
import { isAvailable } from '../state';
import {
  clock,
  lastingStatusText,
  noKernelText,
  noProviderText,
  stateWord
} from '../text';
import { LOCAL_ID, NAME_SEPARATOR } from '../tokens';
import type {
  IKernelProviders,
  IProvider,
  KernelPhase,
  ProviderState
} from '../tokens';

/**
 * Why a notebook cannot use its kernel.
 *
 * - `waiting`: this server has not listed its providers and kernels yet;
 * - `unknown`: this server has no such provider; `id` and `kernel` are parts of the name;
 * - `unavailable`: the provider is not available;
 * - `blocked`: the provider is available, but the kernel cannot be connected to;
 * - `gone`: the provider is available, but does not have `kernel`;
 * - `ended`: the kernel ended at `since`, while `cells` of the notebook ran or waited;
 * - `starting`, `reconnecting`: the kernel has been in this phase since `since`;
 * - `switching`: it can, but is about to get another kernel, which is still starting.
 */
export type Unavailability =
  | { readonly kind: 'waiting' }
  | {
      readonly kind: 'unknown';
      readonly id: string;
      readonly kernel: string;
      /** Why the server did not load the provider; empty if it is not configured. */
      readonly message: string;
    }
  | {
      readonly kind: 'unavailable' | 'blocked' | 'gone';
      readonly provider: IProvider;
      /** The kernel's display name at its provider; its name there if that is not known. */
      readonly kernel: string;
    }
  | {
      readonly kind: 'ended';
      readonly since: Date;
      readonly cells: number;
    }
  | {
      readonly kind: KernelPhase | 'switching';
      readonly kernelId: string;
      readonly provider: IProvider;
      /** The kernel's display name at its provider. */
      readonly kernel: string;
      readonly since: Date;
    };

/** A start that can be cancelled. */
export type Start = Extract<Unavailability, { readonly kernelId: string }>;

/** A kernel of a notebook that runs or is about to. */
export interface IRunningKernel {
  readonly id: string;
  /** Whether the browser is connected to it. */
  readonly isConnected: boolean;
}

/** What the front end knows about providers and kernels. */
export interface IKnown {
  readonly providers: Pick<
    IKernelProviders,
    'get' | 'idOf' | 'problems' | 'providers'
  >;
  /** The catalog; null if it is not known yet. */
  readonly specs: KernelSpec.ISpecModels | null;
  /** Whether the server has listed its providers. */
  readonly isReady: boolean;
  /** Whether the server has told the page that there are other providers. */
  readonly hasOthers: boolean;
}

/** Return the start under way; null if there is none. */
export function startIn(unavailability: Unavailability | null): Start | null {
  return unavailability?.kind === 'starting' ||
    unavailability?.kind === 'switching'
    ? unavailability
    : null;
}

/** Whether a kernel has the name of a remote kernel. */
export function isRemote(kernelName: string): boolean {
  return kernelName.includes(NAME_SEPARATOR);
}

/**
 * Find out why a notebook cannot use its kernel.
 *
 * @param name - The name of the notebook's kernel; empty if it has none.
 * @param running - The kernel if it runs or is about to; otherwise null. A running kernel
 * can be used unless its provider is known to be unavailable or blocked. A connection that
 * was open before its provider was blocked still works.
 *
 * @returns Null if it can use the kernel.
 */
export function unavailabilityOf(
  name: string,
  running: IRunningKernel | null,
  known: IKnown
): Unavailability | null {
  const { providers, specs, isReady } = known;
  if (!isRemote(name)) {
    return running === null ? missingLocal(name, known) : null;
  }
  const isRunning = running !== null;
  if (!isReady || specs === null) {
    return isRunning ? null : { kind: 'waiting' };
  }
  const id = providers.idOf(name);
  const provider = providers.get(id);
  const kernel = kernelIn(name, specs);
  const canStart = specs.kernelspecs[name] !== undefined;
  if (provider === undefined) {
    const message =
      providers.problems.find(problem => problem.id === id)?.message ?? '';
    return canStart ? null : { kind: 'unknown', id, kernel, message };
  }
  if (!isAvailable(provider) && !(isRunning && provider.state === 'checking')) {
    return { kind: 'unavailable', provider, kernel };
  }
  if (!isRunning && !canStart) {
    return { kind: 'gone', provider, kernel };
  }
  const current = provider.kernelPhases.find(it => it.kernelId === running?.id);
  const works = running?.isConnected && current?.phase !== 'reconnecting';
  if (provider.state === 'blocked' && current?.phase !== 'starting' && !works) {
    return { kind: 'blocked', provider, kernel };
  }
  if (current === undefined) {
    return null;
  }
  const { kernelId, phase, since } = current;
  return { kind: phase, kernelId, provider, kernel, since };
}

/**
 * Find out whether a session is about to get another kernel, which is still starting.
 *
 * @param sessionId - The id of the session; empty if there is none.
 */
export function switchingOf(
  sessionId: string,
  { providers, specs }: Pick<IKnown, 'providers' | 'specs'>
): Unavailability | null {
  if (sessionId === '') {
    return null;
  }
  for (const provider of providers.providers) {
    const phase = provider.kernelPhases.find(it => it.sessionId === sessionId);
    if (phase !== undefined) {
      const { kernelId, kernelName, since } = phase;
      const kernel = kernelIn(kernelName, specs);
      return { kind: 'switching', kernelId, provider, kernel, since };
    }
  }
  return null;
}

/** Return the display name of a kernel at its provider; its name there if it has none. */
function kernelIn(name: string, specs: KernelSpec.ISpecModels | null): string {
  const spec = specs?.kernelspecs[name];
  return (spec && providerOf(spec)?.kernel) ?? nameAtProvider(name);
}

/**
 * Find out whether the kernel that a notebook wants is missing on this server.
 *
 * Lab would start the only other kernel in the same language, which may be at a provider.
 *
 * @returns Null if it is there, and on a server without other providers, where Lab acts as
 * without this package.
 */
function missingLocal(
  name: string,
  { providers, specs, isReady, hasOthers }: IKnown
): Unavailability | null {
  if (name === '' || specs === null || specs.kernelspecs[name] !== undefined) {
    return null;
  }
  if (!isReady) {
    return hasOthers ? { kind: 'waiting' } : null;
  }
  const provider = providers.get(providers.idOf(name));
  if (provider === undefined || providers.providers.length < 2) {
    return null;
  }
  // With --gateway-url, names without a prefix are those of the gateway.
  const kind = isAvailable(provider) ? 'gone' : 'unavailable';
  return { kind, provider, kernel: name };
}

/**
 * Find the kernel of this server that is most similar to a notebook's kernel.
 *
 * @param name - The name of the notebook's kernel, with its provider's prefix.
 * @param language - The notebook's language; empty if unknown.
 *
 * @returns The name of the local kernel with the same name; otherwise the default kernel,
 * or else the first kernel, in the same language; null if there is none.
 */
export function similarKernel(
  name: string,
  language: string,
  { providers, specs }: Pick<IKnown, 'providers' | 'specs'>
): string | null {
  const local = Object.entries(specs?.kernelspecs ?? {}).filter(
    ([other]) => providers.idOf(other) === LOCAL_ID
  );
  const sameName = nameAtProvider(name);
  if (local.some(([other]) => other === sameName)) {
    return sameName;
  }
  const wanted = language || specs?.kernelspecs[name]?.language;
  const similar = local
    .filter(([, spec]) => wanted && spec?.language === wanted)
    .map(([other]) => other);
  return similar.find(other => other === specs?.default) ?? similar[0] ?? null;
}

/** Return the state whose icon the bar shows. */
export function iconOf(unavailability: Unavailability): ProviderState {
  switch (unavailability.kind) {
    case 'waiting':
    case 'starting':
    case 'reconnecting':
    case 'switching':
      return 'checking';
    case 'unknown':
    case 'ended':
      return 'offline';
    case 'unavailable':
    case 'blocked':
      return unavailability.provider.state;
    case 'gone':
      return 'incompatible';
  }
}

/**
 * Return a word for a kernel that cannot be reached, which its status does not show.
 *
 * @returns Empty for a kernel whose status shows it.
 */
export function unavailableWord(
  unavailability: Unavailability,
  trans: TranslationBundle
): string {
  switch (unavailability.kind) {
    case 'unavailable':
    case 'blocked':
      return stateWord(unavailability.provider.state, trans);
    case 'reconnecting':
      return trans.__('Reconnecting…');
    default:
      return '';
  }
}

/**
 * Say why a notebook cannot use its kernel, without texts that change each second.
 *
 * @param hasKernel - Whether the kernel was running when the server last reached it.
 * @param willStart - Whether it starts without the user when its provider is available.
 */
export function unavailabilityText(
  unavailability: Unavailability,
  { hasKernel, willStart }: { hasKernel: boolean; willStart: boolean },
  trans: TranslationBundle,
  now: Date
): string {
  switch (unavailability.kind) {
    case 'waiting':
      return trans.__('Loading the kernel providers of this server…');
    case 'unknown':
      return (
        unavailability.message ||
        noProviderText(unavailability.id, unavailability.kernel, trans)
      );
    case 'ended': {
      const { cells, since } = unavailability;
      const text = trans.__(
        'The kernel ended at %1. Its variables are lost.',
        clock(since, now)
      );
      return cells === 0
        ? text
        : `${text} ${trans._n(
            '%1 cell did not finish.',
            '%1 cells did not finish.',
            cells
          )}`;
    }
    case 'blocked':
      return [
        lastingStatusText(unavailability.provider, trans, now),
        trans.__('Cells that you run now wait.')
      ].join(' ');
    case 'unavailable': {
      const { kernel, provider } = unavailability;
      const then = hasKernel
        ? trans.__(
            '%1 may still be running there. Cells that you run now wait, and are sent once.',
            kernel
          )
        : willStart
          ? trans.__(
              '%1 starts when %2 is available again.',
              kernel,
              provider.label
            )
          : '';
      return `${lastingStatusText(provider, trans, now)} ${then}`.trim();
    }
    case 'gone':
      return noKernelText(
        unavailability.provider.label,
        unavailability.kernel,
        trans
      );
    case 'starting':
      return trans.__(
        '%1 has been starting on %2 since %3. Cells that you run wait for it.',
        unavailability.kernel,
        unavailability.provider.label,
        clock(unavailability.since, now)
      );
    case 'switching':
      return trans.__(
        '%1 has been starting on %2 since %3. The current kernel stays until it has started.',
        unavailability.kernel,
        unavailability.provider.label,
        clock(unavailability.since, now)
      );
    case 'reconnecting':
      return trans.__(
        'The connection to %1 on %2 was lost at %3. Reconnecting… Cells that you run now wait, and are sent once.',
        unavailability.kernel,
        unavailability.provider.label,
        clock(unavailability.since, now)
      );
  }
}
