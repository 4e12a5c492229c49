import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelSpec, Session } from '@jupyterlab/services';

import type { IKernelProviders } from '../tokens';

/**
 * What can be chosen: a kernel to start, by its name; one that runs, by its id; one that
 * was started elsewhere, by the id there and its provider's; or null for no kernel.
 */
export type KernelChoice =
  | { readonly name: string }
  | { readonly id: string; readonly provider?: string }
  | null;

/** What a provider says of the kernels there that were started elsewhere. */
export interface IElsewhere {
  readonly kernels: readonly Kernel.IModel[];
  /** Why they cannot be had; empty if they can. */
  readonly failure: string;
}

/** What there is to choose from, and for whom. */
export interface IKernelSource {
  /** What can be started; null if that is not known yet. */
  readonly specs: KernelSpec.ISpecModels | null;
  readonly running: readonly Kernel.IModel[];
  readonly sessions: readonly Session.IModel[];
  /** By the id of the provider; empty until they are asked for. */
  readonly elsewhere: ReadonlyMap<string, IElsewhere>;
  /** The kernel that is attached; null if there is none, or a dead one. */
  readonly current: Kernel.IModel | null;
  readonly preference: ISessionContext.IKernelPreference;
  /** The path of the notebook or console that a kernel is chosen for. */
  readonly path: string;
}

/** A kernel that can be started. */
export interface IStartRow {
  readonly kind: 'start';
  readonly choice: { readonly name: string };
  readonly spec: KernelSpec.ISpecModel;
}

/** A kernel that runs. */
export interface IConnectRow {
  readonly kind: 'connect';
  readonly choice: { readonly id: string; readonly provider?: string };
  readonly kernel: Kernel.IModel;
  /** What it was started from; undefined if that is not there any more. */
  readonly spec: KernelSpec.ISpecModel | undefined;
  /** Names of the other notebooks and consoles that use it. */
  readonly users: readonly string[];
  /** Paths of the notebooks and consoles that use it. */
  readonly paths: readonly string[];
  /** Whether it is the kernel that is attached. */
  readonly isCurrent: boolean;
}

/** A row for a kernel. */
export type KernelRow = IStartRow | IConnectRow;

/** The part of the providers' model that matters here. */
export type Places = Pick<IKernelProviders, 'providers' | 'idOf'>;

/** Whether a kernel runs that is not one of this server's. */
export function isElsewhere({ choice }: KernelRow): boolean {
  return 'id' in choice && choice.provider !== undefined;
}

/** A text for each choice that differs from all others; as the values of stock's options. */
export function keyOf(choice: KernelChoice): string {
  return JSON.stringify(choice);
}

/**
 * The language that is wanted: the document's, or that of the kernel which it asks for
 * or has; empty if none is.
 */
export function languageOf(source: IKernelSource): string {
  const { preference, specs, current } = source;
  const ofKernel = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : specs?.kernelspecs[name]?.language;
  return (
    preference.language ||
    ofKernel(preference.name) ||
    ofKernel(current?.name) ||
    ''
  );
}

/**
 * What is chosen at first, by id or by name, never by display name. The first that holds:
 *
 * | there is                          | chosen                                         |
 * | --------------------------------- | ---------------------------------------------- |
 * | a kernel that is attached         | that kernel: nothing changes                   |
 * | no leave to start kernels         | no kernel                                      |
 * | a wish for a kernel that is there | that one, be its provider well or not          |
 * | a wish for one that is not        | one of the language at *its* provider, or none |
 * | a language                        | one of it at the default provider, or none     |
 * | nothing                           | the server's default kernel                    |
 *
 * "One of the language" is the server's default kernel if it is among them, or else the
 * first by name. So Enter moves no work to another machine.
 *
 * @returns Undefined if nothing is chosen.
 */
export function preselected(
  source: IKernelSource,
  places: Places
): KernelChoice | undefined {
  const { current, preference, specs } = source;
  if (current !== null) {
    return { id: current.id };
  }
  if (preference.canStart === false) {
    return null;
  }
  if (specs === null) {
    return undefined;
  }
  const { name } = preference;
  if (name && specs.kernelspecs[name] !== undefined) {
    return { name };
  }
  const language = languageOf(source);
  if (!name && !language) {
    return specs.kernelspecs[specs.default] && { name: specs.default };
  }
  const place = places.idOf(name || specs.default);
  const fitting = startRows(source).filter(
    ({ spec }) => spec.language === language && places.idOf(spec.name) === place
  );
  const byDefault = fitting.find(({ spec }) => spec.name === specs.default);
  return (byDefault ?? fitting[0])?.choice;
}

/** The name of the kernel that is asked for and is not there; empty if there is none. */
export function missingName(source: IKernelSource): string {
  const { current, preference, specs } = source;
  const { name = '' } = preference;
  return current === null && specs !== null && !specs.kernelspecs[name]
    ? name
    : '';
}

/**
 * All kernels that can be chosen: those to start come before those that run, and these
 * before those that were started elsewhere; in each of the three, those of the language that
 * is wanted come before the others.
 */
export function kernelRows(source: IKernelSource): KernelRow[] {
  return [
    ...startRows(source),
    ...connectRows(source),
    ...elsewhereRows(source)
  ];
}

function startRows(source: IKernelSource): IStartRow[] {
  const language = languageOf(source);
  return Object.values(source.specs?.kernelspecs ?? {})
    .filter(spec => spec !== undefined)
    .map((spec): IStartRow => ({
      kind: 'start',
      choice: { name: spec.name },
      spec
    }))
    .sort(
      (a, b) =>
        rank(a, language) - rank(b, language) ||
        collator.compare(a.spec.display_name, b.spec.display_name)
    );
}

function connectRows(source: IKernelSource): IConnectRow[] {
  const { current, running, sessions, specs } = source;
  const language = languageOf(source);
  const others = running.filter(({ id }) => id !== current?.id);
  // The attached kernel is in no list yet if it has only just been started.
  const kernels = current === null ? others : [current, ...others];
  return kernels
    .map((kernel): IConnectRow => {
      const using = sessions.filter(({ kernel: its }) => its?.id === kernel.id);
      return {
        kind: 'connect',
        choice: { id: kernel.id },
        kernel,
        spec: specs?.kernelspecs[kernel.name],
        users: using
          .filter(({ path }) => path !== source.path)
          .map(({ name, path }) => name || basename(path)),
        paths: using.map(({ path }) => path),
        isCurrent: kernel.id === current?.id
      };
    })
    .sort(
      (a, b) =>
        Number(b.isCurrent) - Number(a.isCurrent) ||
        rank(a, language) - rank(b, language) ||
        collator.compare(a.users.join(), b.users.join()) ||
        collator.compare(a.kernel.id, b.kernel.id)
    );
}

/** Those of each provider with the one first that was used last. */
function elsewhereRows(source: IKernelSource): IConnectRow[] {
  const { current, elsewhere, running, specs } = source;
  const language = languageOf(source);
  const own = new Set([current?.id, ...running.map(({ id }) => id)]);
  return [...elsewhere].flatMap(([provider, { kernels }]) =>
    kernels
      .filter(({ id }) => !own.has(id))
      .map((kernel): IConnectRow => ({
        kind: 'connect',
        choice: { id: kernel.id, provider },
        kernel,
        spec: specs?.kernelspecs[kernel.name],
        users: [],
        paths: [],
        isCurrent: false
      }))
      .sort(
        (a, b) =>
          rank(a, language) - rank(b, language) ||
          lastUse(b) - lastUse(a) ||
          collator.compare(a.kernel.id, b.kernel.id)
      )
  );
}

function lastUse({ kernel }: IConnectRow): number {
  return new Date(kernel.last_activity ?? 0).getTime();
}

const collator = new Intl.Collator(undefined, { numeric: true });

/** 0 for a kernel of the language, 1 for others. */
export function rank({ spec }: KernelRow, language: string): number {
  return spec?.language === language ? 0 : 1;
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
