import { providerOf } from '../naming';
import { shortcutsOf } from '../shortcuts';
import { isWell } from '../state';
import type { IKernelCounts } from '../state';
import type { IProvider } from '../tokens';
import { isOtherKernel, kernelRows, languageOf, rank } from './choices';
import type { IKernelSource, KernelRow, PickerProviders } from './choices';

/** The purpose of the rows of a group, if groups are not by provider. */
export type Purpose = 'starred' | 'recent' | 'preferred' | 'start' | 'connect';

/** Rows under one heading: the rows of a provider, or the rows for a purpose. */
export interface IKernelGroup {
  /** The provider's id, or the purpose. */
  readonly id: string;
  /** Null in a group of a provider. */
  readonly purpose: Purpose | null;
  readonly label: string;
  /** Undefined if the server does not list the provider. */
  readonly provider: IProvider | undefined;
  readonly counts: IKernelCounts;
  readonly rows: readonly KernelRow[];
  /** Why other kernels cannot be listed; empty if they can. */
  readonly failure: string;
}

/**
 * Arrange all kernels into groups; rows have the order of `kernelRows`.
 *
 * @returns One group for each provider, in their order; before them, if there are many
 * kernels, groups of starred and recent ones. If there is only one provider and all is well
 * with it, the groups are those of the stock dialog.
 */
export function kernelGroups(
  source: IKernelSource,
  providers: PickerProviders
): IKernelGroup[] {
  if (source.preference.canStart === false) {
    return [];
  }
  const rows = kernelRows(source);
  const groups = byProvider(rows, providers, source.otherKernels);
  const [only] = groups;
  const isPlain =
    groups.length === 1 &&
    (only?.provider === undefined || isWell(only.provider));
  return isPlain
    ? byPurpose(rows, source)
    : [...shortcutGroups(rows, providers), ...groups];
}

/** Return groups of starred and of recent kernels, unless they are empty. */
function shortcutGroups(
  rows: readonly KernelRow[],
  providers: PickerProviders
): IKernelGroup[] {
  const specs = new Map(
    rows.flatMap(row =>
      row.kind === 'start' ? [[row.spec.name, row.spec] as const] : []
    )
  );
  const shortcuts = shortcutsOf(providers, new Set(specs.keys()));
  return (['starred', 'recent'] as const)
    .map(list =>
      group(
        list,
        list,
        '',
        undefined,
        shortcuts[list].flatMap((name): KernelRow[] => {
          const spec = specs.get(name);
          return spec === undefined
            ? []
            : [{ kind: 'start', choice: { name, list }, spec }];
        })
      )
    )
    .filter(({ rows: its }) => its.length > 0);
}

/**
 * Filter the rows by a text, without the groups of shortcuts. All its words must occur in the name of the kernel or its
 * provider, its language, the names of the documents that use it, or its id.
 *
 * @returns The groups with matching rows; all groups if the text is empty.
 */
export function filtered(
  groups: readonly IKernelGroup[],
  text: string
): readonly IKernelGroup[] {
  const words = folded(text).split(/\s+/).filter(Boolean);
  if (words.length === 0) {
    return groups;
  }
  return groups
    .filter(({ purpose }) => purpose !== 'starred' && purpose !== 'recent')
    .map(group => ({
      ...group,
      rows: group.rows.filter(row => {
        const searched = folded(searchText(row, group));
        return words.every(word => searched.includes(word));
      })
    }))
    .filter(({ rows }) => rows.length > 0);
}

function searchText(row: KernelRow, group: IKernelGroup): string {
  const { spec } = row;
  const parts = [spec?.display_name, spec?.language, group.label];
  return row.kind === 'start'
    ? [...parts, spec?.name].join('\n')
    : [...parts, row.kernel.name, row.kernel.id, ...row.users].join('\n');
}

function folded(text: string): string {
  return text.toLocaleLowerCase();
}

function byProvider(
  rows: readonly KernelRow[],
  providers: PickerProviders,
  otherKernels: IKernelSource['otherKernels']
): IKernelGroup[] {
  const rowsById = new Map<string, KernelRow[]>(
    providers.providers.map(({ id }) => [id, []])
  );
  for (const row of rows) {
    const name = row.kind === 'start' ? row.spec.name : row.kernel.name;
    const id = providers.idOf(name);
    const known = rowsById.get(id);
    if (known === undefined) {
      rowsById.set(id, [row]);
    } else {
      known.push(row);
    }
  }
  const providersById = new Map(providers.providers.map(it => [it.id, it]));
  return [...rowsById]
    .map(([id, its]) => ({
      ...ofProvider(id, providersById.get(id), its),
      failure: otherKernels.get(id)?.failure ?? ''
    }))
    .filter(
      ({ provider, rows: its }) => its.length > 0 || provider?.state !== 'off'
    );
}

function ofProvider(
  id: string,
  provider: IProvider | undefined,
  rows: readonly KernelRow[]
): IKernelGroup {
  const spec = rows.find(row => row.spec !== undefined)?.spec;
  const label = provider?.label ?? (spec && providerOf(spec)?.label) ?? id;
  return group(id, null, label, provider, rows);
}

/** Return one group for each purpose that has rows or a failure. */
function byPurpose(
  rows: readonly KernelRow[],
  source: IKernelSource
): IKernelGroup[] {
  const language = languageOf(source);
  const failures = [...source.otherKernels.values()].map(
    ({ failure }) => failure
  );
  const purposes: readonly Purpose[] = ['preferred', 'start', 'connect'];
  return purposes
    .map(purpose => {
      const its = rows.filter(row => purposeOf(row, language) === purpose);
      const failure = purpose === 'connect' ? failures.join(' ') : '';
      return { ...group(purpose, purpose, '', undefined, its), failure };
    })
    .filter(({ rows: its, failure }) => its.length > 0 || failure !== '');
}

function purposeOf(row: KernelRow, language: string): Purpose {
  if (row.kind === 'connect') {
    return 'connect';
  }
  return rank(row, language) === 0 ? 'preferred' : 'start';
}

function group(
  id: string,
  purpose: Purpose | null,
  label: string,
  provider: IProvider | undefined,
  rows: readonly KernelRow[]
): IKernelGroup {
  const counts = {
    kernels: rows.filter(({ kind }) => kind === 'start').length,
    // Without other kernels, which are known only after the user asks for them.
    running: rows.filter(row => row.kind === 'connect' && !isOtherKernel(row))
      .length
  };
  return { id, purpose, label, provider, counts, rows, failure: '' };
}
