import type { KernelSpec } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import { providerOf } from '../naming';
import { isAvailable } from '../state';
import { clock, lastingStatusText } from '../text';
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
 * - `starting`, `reconnecting`: the kernel has been in this phase since `since`.
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
      readonly kind: 'unavailable' | 'blocked';
      readonly provider: IProvider;
    }
  | {
      readonly kind: 'gone';
      readonly provider: IProvider;
      readonly kernel: string;
    }
  | {
      readonly kind: 'ended';
      readonly since: Date;
      readonly cells: number;
    }
  | {
      readonly kind: KernelPhase;
      readonly provider: IProvider;
      /** The kernel's display name at its provider. */
      readonly kernel: string;
      readonly since: Date;
    };

/** A kernel of a notebook that runs or is about to. */
export interface IRunningKernel {
  readonly id: string;
  /** Whether the browser is connected to it. */
  readonly isConnected: boolean;
}

/** What the front end knows about providers and kernels. */
export interface IKnown {
  readonly providers: Pick<IKernelProviders, 'get' | 'idOf' | 'problems'>;
  /** The catalog; null if it is not known yet. */
  readonly specs: KernelSpec.ISpecModels | null;
  /** Whether the server has listed its providers. */
  readonly isReady: boolean;
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
 * @returns Null if it can use the kernel, and for kernels without a provider's prefix,
 * which Lab handles.
 */
export function unavailabilityOf(
  name: string,
  running: IRunningKernel | null,
  { providers, specs, isReady }: IKnown
): Unavailability | null {
  if (!isRemote(name)) {
    return null;
  }
  const isRunning = running !== null;
  if (!isReady || specs === null) {
    return isRunning ? null : { kind: 'waiting' };
  }
  const id = providers.idOf(name);
  const provider = providers.get(id);
  const kernel = name.slice(name.indexOf(NAME_SEPARATOR) + 1);
  const spec = specs.kernelspecs[name];
  const canStart = spec !== undefined;
  if (provider === undefined) {
    const message =
      providers.problems.find(problem => problem.id === id)?.message ?? '';
    return canStart ? null : { kind: 'unknown', id, kernel, message };
  }
  if (!isAvailable(provider) && !(isRunning && provider.state === 'checking')) {
    return { kind: 'unavailable', provider };
  }
  if (!isRunning && !canStart) {
    return { kind: 'gone', provider, kernel };
  }
  const current = provider.kernelPhases.find(it => it.kernelId === running?.id);
  const works = running?.isConnected && current?.phase !== 'reconnecting';
  if (provider.state === 'blocked' && current?.phase !== 'starting' && !works) {
    return { kind: 'blocked', provider };
  }
  if (current === undefined) {
    return null;
  }
  const { phase, since } = current;
  const itsName = (spec && providerOf(spec)?.kernel) ?? kernel;
  return { kind: phase, provider, kernel: itsName, since };
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
  const sameName = name.slice(name.indexOf(NAME_SEPARATOR) + 1);
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
 * Say why a notebook cannot use its kernel, without texts that change each second.
 *
 * @param isRunning - Whether the kernel was running when the server last reached it.
 */
export function unavailabilityText(
  unavailability: Unavailability,
  isRunning: boolean,
  trans: TranslationBundle,
  now: Date
): string {
  switch (unavailability.kind) {
    case 'waiting':
      return trans.__('Loading the kernel providers of this server…');
    case 'unknown':
      if (unavailability.message !== '') {
        return unavailability.message;
      }
      return trans.__(
        'The kernel “%2” belongs to the provider “%1”, which this server does not have.',
        unavailability.id,
        unavailability.kernel
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
      return lastingStatusText(unavailability.provider, trans, now);
    case 'unavailable': {
      const { provider } = unavailability;
      const text = lastingStatusText(provider, trans, now);
      return isRunning
        ? [text, trans.__('The kernel may still be running there.')].join(' ')
        : text;
    }
    case 'gone':
      return trans.__(
        '%1 does not have the kernel “%2”.',
        unavailability.provider.label,
        unavailability.kernel
      );
    case 'starting':
      return trans.__(
        '%1 has been starting on %2 since %3. Cells that you run wait for it.',
        unavailability.kernel,
        unavailability.provider.label,
        clock(unavailability.since, now)
      );
    case 'reconnecting':
      return trans.__(
        'The connection to the kernel on %1 was lost at %2. Reconnecting… Cells that you run now wait, and are sent once.',
        unavailability.provider.label,
        clock(unavailability.since, now)
      );
  }
}
