import {
  cardOf,
  joined,
  kernelNameOf,
  sorted,
  withUniqueKeys
} from './cards';
import type { ICard, ICardSource, LauncherItem } from './cards';
import { isWell } from '../providers/model';
import type { IKernelProviders, IProvider } from '../tokens';

/** The part of the kernel providers that the launcher is arranged by. */
export type Places = Pick<
  IKernelProviders,
  'providers' | 'problems' | 'preferences' | 'get' | 'idOf'
>;

/** A section of the launcher. */
export interface ISection {
  /** Tells it from the others. */
  readonly key: string;
  /**
   * `category` looks as in the stock launcher, `provider` has the provider's header, and
   * `problems` are the providers that are left out.
   */
  readonly kind: 'category' | 'provider' | 'problems';
  /** A category, or the label of a provider; else empty. */
  readonly title: string;
  /** Id of the provider whose state it shows; empty if none. */
  readonly providerId: string;
  readonly cards: readonly ICard[];
}

/** What the launcher is arranged from. */
export interface ILauncherSource extends ICardSource {
  readonly items: Iterable<LauncherItem>;
  readonly places: Places;
  /** JupyterLab's names of categories, in the user's language. */
  readonly categories: ICategories;
}

export interface ICategories {
  readonly notebook: string;
  readonly console: string;
  readonly other: string;
}

/** More kernels than this are searched even if all of them are this server's. */
const MANY_KERNELS = 12;

/** Where the sections of providers stand among the ranks of categories. */
const PROVIDERS_RANK = 20;

const PROBLEMS: ISection = {
  key: 'problems',
  kind: 'problems',
  title: '',
  providerId: '',
  cards: []
};

interface IRankedSection {
  readonly section: ISection;
  readonly rank: number;
}

/**
 * The provider whose kernels' names have no prefix: this server, almost always.
 *
 * Its kernels stay where the stock launcher has them.
 */
export function homeId(places: Places): string {
  return places.idOf('');
}

/**
 * Arrange items into sections.
 *
 * The kernels of each remote provider get a section, unless the user wants none; all else
 * is arranged as by the stock launcher of JupyterLab 4.6: by rank, then by name. The
 * sections of providers are in the user's order and stand where consoles do.
 */
export function sectionsOf(source: ILauncherSource): ISection[] {
  const { places, categories } = source;
  const home = homeId(places);
  const hasProviders = places.preferences.sections;
  const byCategory = new Map<string, LauncherItem[]>();
  const byProvider = new Map<string, LauncherItem[]>();
  for (const item of source.items) {
    const category = item.category || categories.other;
    const name = isOfKernels(category, categories) ? kernelNameOf(item) : '';
    const provider = name === '' ? home : places.idOf(name);
    if (hasProviders && provider !== home) {
      add(byProvider, provider, item);
    } else {
      add(byCategory, category, item);
    }
  }
  const ranked = [...byCategory]
    .map(([category, items]) => categorySection(category, items, source))
    .sort(
      (a, b) =>
        // Not by subtraction: two ranks may be infinite.
        Number(a.rank > b.rank) - Number(a.rank < b.rank) ||
        a.section.title.localeCompare(b.section.title)
    );
  return hasProviders
    ? merged(told(ranked, source), byProvider, source)
    : ranked.map(({ section }) => section);
}

/** Whether there is a remote provider, or was to be one. */
export function isMixed(places: Places): boolean {
  const home = homeId(places);
  return (
    places.problems.length > 0 || places.providers.some(({ id }) => id !== home)
  );
}

/** Whether the launcher is worth a search field: it looks as the stock one if not. */
export function isSearchable(
  sections: readonly ISection[],
  places: Places
): boolean {
  const cards = sections.flatMap(section => section.cards);
  const kernels = new Set(cards.map(card => card.kernelName));
  kernels.delete('');
  return (
    isMixed(places) ||
    cards.some(({ place }) => place !== '') ||
    kernels.size > MANY_KERNELS
  );
}

/**
 * What is left of sections after a search.
 *
 * @param query - Words that must all be found, in any order, in whatever case.
 *
 * @returns The sections with the cards that match; a provider that matches by its name
 * stays, even if no kernel of it is known.
 */
export function matching(
  sections: readonly ISection[],
  query: string
): readonly ISection[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) {
    return sections;
  }
  const matches = (text: string): boolean =>
    words.every(word => text.includes(word));
  return sections
    .map(section => ({
      ...section,
      cards: section.cards.filter(card => matches(card.searchText))
    }))
    .filter(
      ({ cards, kind, title }) =>
        cards.length > 0 ||
        (kind === 'provider' && matches(title.toLocaleLowerCase()))
    );
}

/** Why a section has no card; `unknown` if the provider has never said. */
export type Emptiness = 'checking' | 'none' | 'unknown';

/** Tell why a provider's section has no card. */
export function emptinessOf(
  provider: Pick<IProvider, 'state' | 'kernelspecs'>
): Emptiness {
  if (provider.state === 'checking') {
    return 'checking';
  }
  return isWell(provider) || provider.kernelspecs !== 'none'
    ? 'none'
    : 'unknown';
}

/** Whether a category shows kernels by their logos. */
function isOfKernels(category: string, categories: ICategories): boolean {
  return category === categories.notebook || category === categories.console;
}

function categorySection(
  category: string,
  items: readonly LauncherItem[],
  source: ILauncherSource
): IRankedSection {
  const { categories } = source;
  const hasLogo = isOfKernels(category, categories);
  const cards = items.map(item => cardOf(item, hasLogo, source));
  const rank = defaultRank(category, categories);
  return {
    section: {
      key: `category ${category}`,
      kind: 'category',
      title: category,
      providerId: '',
      cards: withUniqueKeys(sorted(cards))
    },
    rank: Math.min(...items.map(({ categoryRank }) => categoryRank ?? rank))
  };
}

function defaultRank(category: string, categories: ICategories): number {
  switch (category) {
    case categories.notebook:
      return 0;
    case categories.console:
      return PROVIDERS_RANK;
    case categories.other:
      return 100;
    default:
      return Infinity;
  }
}

function providerSection(
  id: string,
  items: readonly LauncherItem[],
  source: ILauncherSource
): ISection {
  const { categories, places } = source;
  const isConsole = ({ category }: LauncherItem): boolean =>
    category === categories.console;
  const toCard = (item: LauncherItem): ICard => cardOf(item, true, source);
  const cards = joined(
    items.filter(item => !isConsole(item)).map(toCard),
    items.filter(isConsole).map(toCard)
  );
  return {
    key: `provider ${id}`,
    kind: 'provider',
    // The server's list of providers may come later than its kernels.
    title: places.get(id)?.label ?? cards[0]?.place ?? id,
    providerId: id,
    cards: withUniqueKeys(sorted(cards))
  };
}

/** Put the sections of providers among those of categories. */
function merged(
  ranked: readonly IRankedSection[],
  byProvider: ReadonlyMap<string, readonly LauncherItem[]>,
  source: ILauncherSource
): ISection[] {
  const { places } = source;
  const home = homeId(places);
  const ids = [
    ...new Set([...places.providers.map(({ id }) => id), ...byProvider.keys()])
  ];
  const ofHome = ranked.filter(section => isOfHome(section, source));
  // They keep their own ranks unless the user has put other providers before them.
  const moved = ids.indexOf(home) > 0 ? ofHome : [];
  const block = ids.flatMap(id => {
    if (id === home && (ofHome.length > 0 || isQuiet(places.get(id)))) {
      return moved.map(({ section }) => section);
    }
    return [providerSection(id, byProvider.get(id) ?? [], source)];
  });
  if (places.problems.length > 0) {
    block.push(PROBLEMS);
  }
  const others = ranked.filter(section => !moved.includes(section));
  const isUpper = ({ rank }: IRankedSection): boolean => rank <= PROVIDERS_RANK;
  return [
    ...others.filter(isUpper).map(({ section }) => section),
    ...block,
    ...others.filter(other => !isUpper(other)).map(({ section }) => section)
  ];
}

/** Have the first of home's sections show its state if there is something to say. */
function told(
  ranked: readonly IRankedSection[],
  source: ILauncherSource
): IRankedSection[] {
  const home = homeId(source.places);
  const teller = isQuiet(source.places.get(home))
    ? undefined
    : ranked.find(section => isOfHome(section, source));
  return ranked.map(one =>
    one === teller
      ? { ...one, section: { ...one.section, providerId: home } }
      : one
  );
}

/** Whether there is nothing to say of a provider. */
function isQuiet(provider: IProvider | undefined): boolean {
  return provider === undefined || isWell(provider);
}

/** Whether a section has the kernels whose names have no prefix. */
function isOfHome(
  { section }: IRankedSection,
  { categories }: ILauncherSource
): boolean {
  return isOfKernels(section.title, categories);
}

function add<T>(groups: Map<string, T[]>, key: string, value: T): void {
  const group = groups.get(key) ?? [];
  group.push(value);
  groups.set(key, group);
}
