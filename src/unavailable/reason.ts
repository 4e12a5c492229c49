import type { KernelSpec } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import { isWell } from '../providers/model';
import { providerOf } from '../naming/displayname';
import { clock } from '../text/messages';
import { lastingSentence } from '../text/summary';
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
 * - `waiting`: this server has not said yet which providers and kernels it has;
 * - `unknown`: it has no such provider; `id` and `kernel` are the parts of the name;
 * - `unwell`: the provider does not answer, or not as it should;
 * - `gone`: the provider answers, but does not have `kernel`;
 * - `starting`, `reconnecting`: the kernel is between two states, `since` then.
 */
export type Trouble =
  | { readonly kind: 'waiting' }
  | {
      readonly kind: 'unknown';
      readonly id: string;
      readonly kernel: string;
      /** Why the server has left the provider out; empty if it has not. */
      readonly sentence: string;
    }
  | { readonly kind: 'unwell'; readonly provider: IProvider }
  | {
      readonly kind: 'gone';
      readonly provider: IProvider;
      readonly kernel: string;
    }
  | {
      readonly kind: KernelPhase;
      readonly provider: IProvider;
      /** What the provider calls the kernel. */
      readonly kernel: string;
      readonly since: Date;
    };

/** What is known of providers and of kernels. */
export interface IKnown {
  readonly providers: Pick<IKernelProviders, 'get' | 'idOf' | 'problems'>;
  /** What can be started; null if that is not known yet. */
  readonly specs: KernelSpec.ISpecModels | null;
  /** Whether the server has told its providers. */
  readonly isReady: boolean;
}

/** Whether a kernel is named as those of remote providers are. */
export function isRemote(kernelName: string): boolean {
  return kernelName.includes(NAME_SEPARATOR);
}

/**
 * Tell why a notebook cannot use its kernel.
 *
 * @param name - The name of the notebook's kernel; empty if it has none.
 * @param runningId - The id of the kernel if it is running, or is to be soon; else null.
 * It is then enough that its provider is not known to be out of reach.
 *
 * @returns The trouble; null if there is none, and for kernels without a provider's
 * prefix, of which Lab takes care.
 */
export function troubleOf(
  name: string,
  runningId: string | null,
  { providers, specs, isReady }: IKnown
): Trouble | null {
  if (!isRemote(name)) {
    return null;
  }
  const isRunning = runningId !== null;
  if (!isReady || specs === null) {
    return isRunning ? null : { kind: 'waiting' };
  }
  const id = providers.idOf(name);
  const provider = providers.get(id);
  const kernel = name.slice(name.indexOf(NAME_SEPARATOR) + 1);
  const spec = specs.kernelspecs[name];
  const canStart = spec !== undefined;
  if (provider === undefined) {
    const sentence =
      providers.problems.find(problem => problem.id === id)?.sentence ?? '';
    return canStart ? null : { kind: 'unknown', id, kernel, sentence };
  }
  if (!isWell(provider) && !(isRunning && provider.state === 'checking')) {
    return { kind: 'unwell', provider };
  }
  const underway = provider.underway.find(it => it.kernelId === runningId);
  if (underway !== undefined) {
    const { phase, since } = underway;
    const itsName = (spec && providerOf(spec)?.kernel) ?? kernel;
    return { kind: phase, provider, kernel: itsName, since };
  }
  return isRunning || canStart ? null : { kind: 'gone', provider, kernel };
}

/**
 * Find the kernel of this server that is most like a notebook's.
 *
 * @param name - The name of the notebook's kernel, with its provider's prefix.
 * @param language - The notebook's language; empty if that is not known.
 *
 * @returns The name of the local kernel that is called the same; else that of the default
 * kernel, or of the first one, in the same language; null if there is none.
 */
export function similarKernel(
  name: string,
  language: string,
  { providers, specs }: Pick<IKnown, 'providers' | 'specs'>
): string | null {
  const local = Object.entries(specs?.kernelspecs ?? {}).filter(
    ([other]) => providers.idOf(other) === LOCAL_ID
  );
  const called = name.slice(name.indexOf(NAME_SEPARATOR) + 1);
  if (local.some(([other]) => other === called)) {
    return called;
  }
  const spoken = language || specs?.kernelspecs[name]?.language;
  const alike = local
    .filter(([, spec]) => spoken && spec?.language === spoken)
    .map(([other]) => other);
  return alike.find(other => other === specs?.default) ?? alike[0] ?? null;
}

/** The state whose icon stands for a trouble. */
export function iconOf(trouble: Trouble): ProviderState {
  switch (trouble.kind) {
    case 'waiting':
    case 'starting':
    case 'reconnecting':
      return 'checking';
    case 'unknown':
      return 'offline';
    case 'unwell':
      return trouble.provider.state;
    case 'gone':
      return 'incompatible';
  }
}

/**
 * A trouble in words, without what changes each second.
 *
 * @param isRunning - Whether the kernel was running when it was last heard of.
 */
export function troubleSentence(
  trouble: Trouble,
  isRunning: boolean,
  trans: TranslationBundle,
  now: Date
): string {
  switch (trouble.kind) {
    case 'waiting':
      return trans.__('Asking this server for its kernel providers');
    case 'unknown':
      if (trouble.sentence !== '') {
        return trouble.sentence;
      }
      return trans.__(
        'This notebook runs on the kernel provider “%1”, which this server does not have. Its kernel is “%2”.',
        trouble.id,
        trouble.kernel
      );
    case 'unwell': {
      const { provider } = trouble;
      const sentence = lastingSentence(provider, trans, now);
      return isRunning
        ? [sentence, trans.__('The kernel may still be running there.')].join(
            ' '
          )
        : sentence;
    }
    case 'gone':
      return trans.__(
        '%1 does not have the kernel “%2” of this notebook.',
        trouble.provider.label,
        trouble.kernel
      );
    case 'starting':
      return trans.__(
        '%1 has been starting on %2 since %3. What you run waits for it.',
        trouble.kernel,
        trouble.provider.label,
        clock(trouble.since, now)
      );
    case 'reconnecting':
      return trans.__(
        'The connection to the kernel on %1 was lost at %2, and is being opened again. What you run meanwhile waits, and is sent once.',
        trouble.provider.label,
        clock(trouble.since, now)
      );
  }
}
