import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelSpec, Session } from '@jupyterlab/services';

import type { IKernelProviders } from '../tokens';

/**
 * A choice in the picker.
 *
 * - `name`: start this kernel; `list` tells its row in that list from the one in its
 *   provider's group;
 * - `id`: connect to this running kernel;
 * - `id` and `provider`: attach this kernel, with the id that its provider uses;
 * - null: no kernel.
 */
export type KernelChoice =
  | { readonly name: string; readonly list?: 'starred' | 'recent' }
  | { readonly id: string; readonly provider?: string }
  | null;

/** The other kernels of a provider. */
export interface IOtherKernels {
  readonly kernels: readonly Kernel.IModel[];
  /** Why the provider did not list them; empty if it did. */
  readonly failure: string;
}

/** The kernels to choose from, and the session that a kernel is chosen for. */
export interface IKernelSource {
  /** The catalog; null if it is not known yet. */
  readonly specs: KernelSpec.ISpecModels | null;
  readonly running: readonly Kernel.IModel[];
  readonly sessions: readonly Session.IModel[];
  /** By provider id; empty until the user asks for them. */
  readonly otherKernels: ReadonlyMap<string, IOtherKernels>;
  /** The current kernel of the session; null if it has none, or a dead one. */
  readonly current: Kernel.IModel | null;
  readonly preference: ISessionContext.IKernelPreference;
  /** The path of the notebook or console. */
  readonly path: string;
}

/** The row of a kernel that can be started. */
export interface IStartRow {
  readonly kind: 'start';
  readonly choice: {
    readonly name: string;
    readonly list?: 'starred' | 'recent';
  };
  readonly spec: KernelSpec.ISpecModel;
}

/** The row of a running kernel. */
export interface IConnectRow {
  readonly kind: 'connect';
  readonly choice: { readonly id: string; readonly provider?: string };
  readonly kernel: Kernel.IModel;
  /** Its kernelspec; undefined if the catalog no longer has it. */
  readonly spec: KernelSpec.ISpecModel | undefined;
  /** Names of the other notebooks and consoles that use it. */
  readonly users: readonly string[];
  /** Paths of the notebooks and consoles that use it. */
  readonly paths: readonly string[];
  /** Whether it is the current kernel. */
  readonly isCurrent: boolean;
}

/** A row for a kernel. */
export type KernelRow = IStartRow | IConnectRow;

/** The part of the kernel providers that the choices depend on. */
export type PickerProviders = Pick<
  IKernelProviders,
  'providers' | 'preferences' | 'recent' | 'idOf'
>;

/** Whether the row is of a kernel that this server did not start. */
export function isOtherKernel({ choice }: KernelRow): boolean {
  return 'id' in choice && choice.provider !== undefined;
}

/** Return a unique text for a choice; the stock dialog uses the same values. */
export function keyOf(choice: KernelChoice): string {
  return JSON.stringify(choice);
}

/**
 * Return the preferred language: the language of the document, or else of its preferred
 * or current kernel; empty if unknown.
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
 * Return the initial choice, by id or by name, never by display name. The first matching
 * case decides:
 *
 * | the session has                        | choice                                       |
 * | -------------------------------------- | -------------------------------------------- |
 * | a current kernel                       | that kernel: nothing changes                 |
 * | no permission to start kernels         | no kernel                                    |
 * | a preferred kernel, in the catalog     | that kernel, even if it is not available     |
 * | a preferred kernel, not in the catalog | one in the language at *its* provider        |
 * | a language                             | one in the language at the default provider  |
 * | none of these                          | the server's default kernel                  |
 *
 * "One in the language" is the server's default kernel if it fits, or else the first by
 * name. Enter thus never moves work to another machine.
 *
 * @returns The choice; undefined if no kernel fits.
 */
export function preselected(
  source: IKernelSource,
  providers: PickerProviders
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
  const provider = providers.idOf(name || specs.default);
  const fitting = startRows(source).filter(
    ({ spec }) =>
      spec.language === language && providers.idOf(spec.name) === provider
  );
  const byDefault = fitting.find(({ spec }) => spec.name === specs.default);
  return (byDefault ?? fitting[0])?.choice;
}

/** Return the name of the preferred kernel if the catalog does not have it; else empty. */
export function unavailableName(source: IKernelSource): string {
  const { current, preference, specs } = source;
  const { name = '' } = preference;
  return current === null && specs !== null && !specs.kernelspecs[name]
    ? name
    : '';
}

/**
 * Return all rows: kernels that can be started, then running kernels, then other kernels.
 * In each part, kernels in the preferred language come first.
 */
export function kernelRows(source: IKernelSource): KernelRow[] {
  return [
    ...startRows(source),
    ...connectRows(source),
    ...otherKernelRows(source)
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
  // The current kernel is not in the list yet if it was started just now.
  const kernels = current === null ? others : [current, ...others];
  const sessionsById = new Map<string | undefined, Session.IModel[]>();
  for (const session of sessions) {
    const id = session.kernel?.id;
    const known = sessionsById.get(id) ?? [];
    known.push(session);
    sessionsById.set(id, known);
  }
  return kernels
    .map((kernel): IConnectRow => {
      const using = sessionsById.get(kernel.id) ?? [];
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

/** Return the rows of other kernels; for each provider, the last used kernel first. */
function otherKernelRows(source: IKernelSource): IConnectRow[] {
  const { current, otherKernels, running, specs } = source;
  const language = languageOf(source);
  const own = new Set([current?.id, ...running.map(({ id }) => id)]);
  return [...otherKernels].flatMap(([provider, { kernels }]) =>
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

/** Return 0 for a kernel in the language, 1 for others. */
export function rank({ spec }: KernelRow, language: string): number {
  return spec?.language === language ? 0 : 1;
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
