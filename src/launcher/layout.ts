import { MANY_KERNELS, shortcutsOf } from '../shortcuts';
import { isAvailable, isWell } from '../state';
import type { IKernelProviders, IProvider } from '../tokens';
import { cardOf, joined, kernelNameOf, sorted, withUniqueKeys } from './cards';
import type { ICard, ICardSource, LauncherItem } from './cards';

/** The part of the kernel providers that the layout depends on. */
export type LauncherProviders = Pick<
  IKernelProviders,
  | 'providers'
  | 'problems'
  | 'preferences'
  | 'recent'
  | 'mayAdd'
  | 'get'
  | 'idOf'
>;

/** A section of the launcher. */
export interface ISection {
  /** Unique and stable. */
  readonly key: string;
  /**
   * - `starred`, `recent`: has kernels of all places;
   * - `category`: looks like a section of the stock launcher;
   * - `provider`: has the provider's header;
   * - `problems`: lists the providers that are not loaded.
   */
  readonly kind: 'starred' | 'recent' | 'category' | 'provider' | 'problems';
  /** A category, or the label of a provider; empty for others. */
  readonly title: string;
  /** Id of the provider whose status it shows; empty if none. */
  readonly providerId: string;
  readonly cards: readonly ICard[];
  /** Whether its cards are the rows of a list, as there are many. */
  readonly isDense: boolean;
}

/** The input of the layout. */
export interface ILauncherSource extends ICardSource {
  readonly items: Iterable<LauncherItem>;
  readonly providers: LauncherProviders;
  readonly categories: ICategories;
}

/** JupyterLab's names of categories, in the user's language. */
export interface ICategories {
  readonly notebook: string;
  readonly console: string;
  readonly other: string;
}

/** The rank of the providers' sections among the categories. */
const PROVIDERS_RANK = 20;

const PROBLEMS: ISection = {
  key: 'problems',
  kind: 'problems',
  title: '',
  providerId: '',
  cards: [],
  isDense: false
};

interface IRankedSection {
  readonly section: ISection;
  readonly rank: number;
}

/**
 * Return the id of the default provider, whose kernels' names have no prefix. It is
 * nearly always this server.
 *
 * Its kernels stay where the stock launcher has them.
 */
export function defaultProviderId(providers: LauncherProviders): string {
  return providers.idOf('');
}

/**
 * Arrange items into sections.
 *
 * The kernels of each other provider get a section, unless the user's settings combine
 * them. Everything else is arranged as in the stock launcher of JupyterLab 4.6: by rank,
 * then by name. The sections of providers are in the user's order, at the rank of
 * consoles.
 */
export function sectionsOf(source: ILauncherSource): ISection[] {
  const { providers, categories } = source;
  const defaultId = defaultProviderId(providers);
  const hasProviders = providers.preferences.sections;
  const byCategory = new Map<string, LauncherItem[]>();
  const byProvider = new Map<string, LauncherItem[]>();
  for (const item of source.items) {
    const category = item.category || categories.other;
    const name = isOfKernels(category, categories) ? kernelNameOf(item) : '';
    const provider = name === '' ? defaultId : providers.idOf(name);
    if (hasProviders && provider !== defaultId) {
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
  return [
    ...shortcutSections(source),
    ...(hasProviders
      ? merged(withDefaultStatus(ranked, source), byProvider, source)
      : ranked.map(({ section }) => section))
  ];
}

/** Whether kernels can be starred: there are many of them, and several places. */
export function hasStars({
  items,
  providers,
  categories
}: Pick<ILauncherSource, 'items' | 'providers' | 'categories'>): boolean {
  return (
    providers.preferences.stars &&
    isMixed(providers) &&
    namesIn(items, categories).size > MANY_KERNELS
  );
}

/**
 * What the launcher has at its end: a button that adds a provider; a hint with it for a
 * user without providers, until it is dismissed; or nothing.
 */
export type Adding = 'none' | 'button' | 'hint';

/** Return what the launcher has at its end. */
export function addingOf(providers: LauncherProviders): Adding {
  if (!providers.mayAdd) {
    return 'none';
  }
  if (isMixed(providers)) {
    return 'button';
  }
  return providers.preferences.hint ? 'hint' : 'none';
}

/** Whether there is a provider besides the default one, or a problem with one. */
export function isMixed(providers: LauncherProviders): boolean {
  const defaultId = defaultProviderId(providers);
  return (
    providers.problems.length > 0 ||
    providers.providers.some(({ id }) => id !== defaultId)
  );
}

/** Whether the launcher has a search field; without one, it looks like the stock launcher. */
export function isSearchable(
  sections: readonly ISection[],
  providers: LauncherProviders
): boolean {
  const cards = sections.flatMap(section => section.cards);
  const kernels = new Set(cards.map(card => card.kernelName));
  kernels.delete('');
  return (
    isMixed(providers) ||
    cards.some(({ remoteLabel }) => remoteLabel !== '') ||
    kernels.size > MANY_KERNELS
  );
}

/**
 * Filter sections by a search.
 *
 * @param query - Words that must all match, in any order and any case.
 *
 * @returns The sections with the matching cards. A provider whose label matches keeps its
 * section, even without cards.
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
    .filter(({ kind }) => kind !== 'starred' && kind !== 'recent')
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

/**
 * Why a section has no cards: its provider is being checked, has no kernels, or has never
 * listed its kernels.
 */
export type EmptyCause = 'checking' | 'none' | 'unknown';

/** Find out why a provider's section has no cards. */
export function emptyCauseOf(
  provider: Pick<IProvider, 'state' | 'kernelspecs'>
): EmptyCause {
  if (provider.state === 'checking') {
    return 'checking';
  }
  return isAvailable(provider) || provider.kernelspecs !== 'none'
    ? 'none'
    : 'unknown';
}

/** Whether the cards of a category have the logos of kernels. */
function isOfKernels(category: string, categories: ICategories): boolean {
  return category === categories.notebook || category === categories.console;
}

/** Return the names of the kernels that items start. */
function namesIn(
  items: Iterable<LauncherItem>,
  categories: ICategories
): Set<string> {
  const names = new Set<string>();
  for (const item of items) {
    if (isOfKernels(item.category ?? '', categories)) {
      names.add(kernelNameOf(item));
    }
  }
  names.delete('');
  return names;
}

/** Return the sections of starred and of recent kernels, unless they are empty. */
function shortcutSections(source: ILauncherSource): ISection[] {
  const { items, providers, categories } = source;
  if (!isMixed(providers)) {
    return [];
  }
  const shortcuts = shortcutsOf(providers, namesIn(items, categories));
  return (['starred', 'recent'] as const)
    .map((kind): ISection => {
      const names = shortcuts[kind];
      const cards = kernelCards(
        [...items].filter(item => names.includes(kernelNameOf(item))),
        source
      ).sort(
        (a, b) => names.indexOf(a.kernelName) - names.indexOf(b.kernelName)
      );
      return {
        key: kind,
        kind,
        title: '',
        providerId: '',
        cards: withUniqueKeys(cards),
        isDense: true
      };
    })
    .filter(({ cards }) => cards.length > 0);
}

/** Return one card for each kernel, which starts a notebook or a console. */
function kernelCards(
  items: readonly LauncherItem[],
  source: ILauncherSource
): ICard[] {
  const { categories } = source;
  const cards = (category: string): ICard[] =>
    items
      .filter(item => item.category === category)
      .map(item => cardOf(item, true, source));
  return joined(cards(categories.notebook), cards(categories.console));
}

function categorySection(
  category: string,
  items: readonly LauncherItem[],
  source: ILauncherSource
): IRankedSection {
  const { categories, providers } = source;
  const hasLogo = isOfKernels(category, categories);
  const cards = items.map(item => cardOf(item, hasLogo, source));
  const rank = defaultRank(category, categories);
  return {
    section: {
      key: `category ${category}`,
      kind: 'category',
      title: category,
      providerId: '',
      cards: withUniqueKeys(sorted(cards)),
      // Without remote providers, it looks like the stock launcher.
      isDense: hasLogo && cards.length > MANY_KERNELS && isMixed(providers)
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
  const { providers } = source;
  const cards = kernelCards(items, source);
  return {
    key: `provider ${id}`,
    kind: 'provider',
    // The kernelspecs may arrive before the providers.
    title: providers.get(id)?.label ?? cards[0]?.remoteLabel ?? id,
    providerId: id,
    cards: withUniqueKeys(sorted(cards, true)),
    isDense: cards.length > MANY_KERNELS
  };
}

/** Insert the sections of providers between the sections of categories. */
function merged(
  ranked: readonly IRankedSection[],
  byProvider: ReadonlyMap<string, readonly LauncherItem[]>,
  source: ILauncherSource
): ISection[] {
  const { providers } = source;
  const defaultId = defaultProviderId(providers);
  const ids = [
    ...new Set([
      ...providers.providers.map(({ id }) => id),
      ...byProvider.keys()
    ])
  ];
  const ofDefault = ranked.filter(section =>
    isOfDefaultProvider(section, source)
  );
  // They keep their own ranks unless the user's order has other providers before them.
  const moved = ids.indexOf(defaultId) > 0 ? ofDefault : [];
  const block = ids.flatMap(id => {
    if (
      id === defaultId &&
      (ofDefault.length > 0 || !hasStatus(providers.get(id)))
    ) {
      return moved.map(({ section }) => section);
    }
    return [providerSection(id, byProvider.get(id) ?? [], source)];
  });
  if (providers.problems.length > 0) {
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

/** Make the first section of the default provider show its status, if it has one. */
function withDefaultStatus(
  ranked: readonly IRankedSection[],
  source: ILauncherSource
): IRankedSection[] {
  const defaultId = defaultProviderId(source.providers);
  const first = hasStatus(source.providers.get(defaultId))
    ? ranked.find(section => isOfDefaultProvider(section, source))
    : undefined;
  return ranked.map(one =>
    one === first
      ? { ...one, section: { ...one.section, providerId: defaultId } }
      : one
  );
}

/** Whether a provider has a status to show, which it does unless all is well with it. */
function hasStatus(provider: IProvider | undefined): boolean {
  return provider !== undefined && !isWell(provider);
}

/** Whether a section has the kernels of the default provider. */
function isOfDefaultProvider(
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
