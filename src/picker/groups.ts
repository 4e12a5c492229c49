import { isElsewhere, kernelRows, languageOf, rank } from './choices';
import type { IKernelSource, KernelRow, Places } from './choices';
import { isWell } from '../providers/model';
import { providerOf } from '../naming/displayname';
import type { ICounts } from '../text/messages';
import type { IProvider } from '../tokens';

/** What the rows of a group are for, where places need not be told. */
export type Purpose = 'preferred' | 'start' | 'connect';

/** Rows under one heading: those of a provider, or those for one purpose. */
export interface IKernelGroup {
  /** The provider's, or the purpose. */
  readonly id: string;
  /** Null in a group of a provider. */
  readonly purpose: Purpose | null;
  readonly label: string;
  /** Undefined where the server tells nothing of it. */
  readonly provider: IProvider | undefined;
  readonly counts: ICounts;
  readonly rows: readonly KernelRow[];
  /** Why kernels that were started elsewhere cannot be shown; empty if they can. */
  readonly failure: string;
}

/**
 * All kernels that can be chosen, in each group in the order of `kernelRows`.
 *
 * @returns A group for each provider, in their order. Where there is but one and it is
 * well, nobody needs to be told about places: the groups are then stock's.
 */
export function kernelGroups(
  source: IKernelSource,
  places: Places
): IKernelGroup[] {
  if (source.preference.canStart === false) {
    return [];
  }
  const rows = kernelRows(source);
  const groups = byProvider(rows, places, source.elsewhere);
  const [only] = groups;
  const isPlain =
    groups.length === 1 &&
    (only?.provider === undefined || isWell(only.provider));
  return isPlain ? byPurpose(rows, source) : groups;
}

/**
 * The rows in which each word of a text occurs: in the name of the kernel or of its
 * provider, in its language, in the names of those who use it, or in its id.
 *
 * @returns Groups that have such rows; all if the text is empty.
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
  places: Places,
  elsewhere: IKernelSource['elsewhere']
): IKernelGroup[] {
  const rowsById = new Map<string, KernelRow[]>(
    places.providers.map(({ id }) => [id, []])
  );
  for (const row of rows) {
    const name = row.kind === 'start' ? row.spec.name : row.kernel.name;
    const id = places.idOf(name);
    const known = rowsById.get(id);
    if (known === undefined) {
      rowsById.set(id, [row]);
    } else {
      known.push(row);
    }
  }
  const providers = new Map(places.providers.map(it => [it.id, it]));
  return [...rowsById]
    .map(([id, its]) => ({
      ...ofProvider(id, providers.get(id), its),
      failure: elsewhere.get(id)?.failure ?? ''
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

/** The groups for each purpose about which there is something to say. */
function byPurpose(
  rows: readonly KernelRow[],
  source: IKernelSource
): IKernelGroup[] {
  const language = languageOf(source);
  const failures = [...source.elsewhere.values()].map(({ failure }) => failure);
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
    // By this server; of the others nobody knows unless they are asked for.
    running: rows.filter(row => row.kind === 'connect' && !isElsewhere(row))
      .length
  };
  return { id, purpose, label, provider, counts, rows, failure: '' };
}
