import type { ILauncher } from '@jupyterlab/launcher';

import { providerOf } from '../naming/displayname';
import { namePartsOf, wholly } from '../naming/parts';
import type { INameParts } from '../naming/parts';
import type { KernelSpecJSON } from '../tokens';

/** An item of the launcher; since JupyterLab 4.6 it may also rank its category. */
export type LauncherItem = ILauncher.IItemOptions & {
  readonly categoryRank?: number;
};

/** What a card of the launcher shows and starts. */
export interface ICard {
  /** Tells it from the others of its section, and is the same after a refresh. */
  readonly key: string;
  /** What it starts. */
  readonly item: LauncherItem;
  /** What its console button starts; null where it has none. */
  readonly consoleItem: LauncherItem | null;
  readonly label: string;
  readonly parts: INameParts;
  readonly title: string;
  /** Name of the kernel; empty where it starts none. */
  readonly kernelName: string;
  /** Whether it has a kernel's logo; else it has the icon of its command. */
  readonly hasLogo: boolean;
  /** Label of the remote provider whose kernel it starts; else empty. */
  readonly place: string;
  /** What a search looks at, in lower case. */
  readonly searchText: string;
}

/** What cards are made from, besides the items. */
export interface ICardSource {
  /** What an item says of itself; both may be empty. */
  describe(item: LauncherItem): { label: string; caption: string };
  spec(kernelName: string): KernelSpecJSON | undefined;
  /** Label of the provider of a kernel; empty if it is not known. */
  providerLabel(kernelName: string): string;
}

/**
 * The name of the kernel that an item starts; empty if it starts none.
 *
 * These are the arguments of JupyterLab's commands for notebooks and consoles.
 */
export function kernelNameOf({ args }: LauncherItem): string {
  const name = args?.['kernelName'];
  if (typeof name === 'string') {
    return name;
  }
  const preference = args?.['kernelPreference'];
  const preferred =
    typeof preference === 'object' &&
    preference !== null &&
    'name' in preference &&
    preference['name'];
  return typeof preferred === 'string' ? preferred : '';
}

/**
 * Make the card of an item.
 *
 * @param hasLogo - Whether it is of a category that shows the logos of kernels.
 */
export function cardOf(
  item: LauncherItem,
  hasLogo: boolean,
  source: ICardSource
): ICard {
  const kernelName = kernelNameOf(item);
  const { caption, ...described } = source.describe(item);
  const label = described.label || kernelName || caption || item.command;
  const spec = kernelName === '' ? undefined : source.spec(kernelName);
  const remote = spec === undefined ? null : providerOf(spec);
  const parts =
    remote === null
      ? wholly(label)
      : namePartsOf(label, remote.kernel, remote.label);
  const place = remote?.label ?? '';
  const words = [label, kernelName];
  if (kernelName !== '') {
    words.push(spec?.language ?? '', source.providerLabel(kernelName), place);
  }
  return {
    key: `${item.command} ${kernelName || label}`,
    item,
    consoleItem: null,
    label,
    parts,
    title: hasLogo ? label : caption || label,
    kernelName,
    hasLogo,
    place,
    searchText: words.join(' ').toLocaleLowerCase()
  };
}

/**
 * Put the cards of a kernel's notebook and of its console together.
 *
 * @returns One card for each kernel. Where there is no notebook for it, the card starts a
 * console; where there are several of one sort, each has a card.
 */
export function joined(
  notebooks: readonly ICard[],
  consoles: readonly ICard[]
): ICard[] {
  const free = new Map<string, ICard>();
  const lonely: ICard[] = [];
  const served = new Set(notebooks.map(({ kernelName }) => kernelName));
  for (const card of consoles) {
    if (served.has(card.kernelName) && !free.has(card.kernelName)) {
      free.set(card.kernelName, card);
    } else {
      lonely.push(card);
    }
  }
  const cards = notebooks.map(card => {
    const { item = null } = free.get(card.kernelName) ?? {};
    free.delete(card.kernelName);
    return { ...card, consoleItem: item };
  });
  return [...cards, ...lonely];
}

/** Sort cards as the stock launcher does: by rank, then by label. */
export function sorted(cards: readonly ICard[]): ICard[] {
  return [...cards].sort((a, b) => {
    const [first, second] = [rankOf(a.item), rankOf(b.item)];
    return first === second
      ? a.label.localeCompare(b.label)
      : first < second
        ? -1
        : 1;
  });
}

/** Make the keys differ of cards that start the same. */
export function withUniqueKeys(cards: readonly ICard[]): ICard[] {
  const seen = new Map<string, number>();
  return cards.map(card => {
    const count = (seen.get(card.key) ?? 0) + 1;
    seen.set(card.key, count);
    return count === 1
      ? card
      : { ...card, key: `${card.key} ${String(count)}` };
  });
}

function rankOf({ rank }: LauncherItem): number {
  return rank ?? Infinity;
}
