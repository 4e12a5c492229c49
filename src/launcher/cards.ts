import type { KernelSpec } from '@jupyterlab/services';
import type { ILauncher } from '@jupyterlab/launcher';

import { providerOf } from '../naming';
import type { IKernelLabel } from '../naming';

/** An item of the launcher; since JupyterLab 4.6 it may also rank its category. */
export type LauncherItem = ILauncher.IItemOptions & {
  readonly categoryRank?: number;
};

/** A card of the launcher. */
export interface ICard {
  /** Unique in its section, and the same after a refresh. */
  readonly key: string;
  /** The item that a click starts. */
  readonly item: LauncherItem;
  /** The item that its console button starts; null if it has no such button. */
  readonly consoleItem: LauncherItem | null;
  readonly label: string;
  /** What it shows; `label` without a place if it starts no kernel of a provider. */
  readonly shown: IKernelLabel;
  /** The kernel's own name, or else the label. */
  readonly ownName: string;
  readonly title: string;
  /** Name of the kernel; empty if it starts none. */
  readonly kernelName: string;
  /** The language of its kernel; empty if it starts none, or if that is not known. */
  readonly language: string;
  /** Whether it has a kernel's logo; otherwise it has the icon of its command. */
  readonly hasLogo: boolean;
  /** Label of the remote provider whose kernel it starts; empty for other cards. */
  readonly remoteLabel: string;
  /** The text that a search looks at, in lower case. */
  readonly searchText: string;
}

/** What cards are made from, in addition to items. */
export interface ICardSource {
  /** The label and caption of an item's command; both may be empty. */
  describe(item: LauncherItem): { label: string; caption: string };
  spec(kernelName: string): KernelSpec.ISpecModel | undefined;
  /** The label of a kernel in lists; undefined if it is not known. */
  kernelLabel(kernelName: string): IKernelLabel | undefined;
  /** Label of the provider of a kernel; empty if it is not known. */
  providerLabel(kernelName: string): string;
}

/**
 * Return the name of the kernel that an item starts; empty if it starts none.
 *
 * It reads the arguments of JupyterLab's commands for notebooks and consoles.
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
 * @param hasLogo - Whether the cards of its category have the logos of kernels.
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
  const shown =
    label === spec?.display_name ? source.kernelLabel(kernelName) : undefined;
  const remoteLabel = remote?.label ?? '';
  const words = [label, kernelName];
  if (kernelName !== '') {
    words.push(
      spec?.language ?? '',
      source.providerLabel(kernelName),
      remoteLabel
    );
  }
  return {
    key: `${item.command} ${kernelName || label}`,
    item,
    consoleItem: null,
    label,
    shown: shown ?? { name: label, place: '' },
    ownName: remote?.kernel || label,
    title: hasLogo ? label : caption || label,
    kernelName,
    language: spec?.language ?? '',
    hasLogo,
    remoteLabel,
    searchText: words.join(' ').toLocaleLowerCase()
  };
}

/**
 * Combine the notebook card and the console card of each kernel.
 *
 * @returns One card for each kernel. A kernel without a notebook card keeps its console
 * card. If a kernel has several cards of one category, each additional one stays a card.
 */
export function joined(
  notebooks: readonly ICard[],
  consoles: readonly ICard[]
): ICard[] {
  const free = new Map<string, ICard>();
  const single: ICard[] = [];
  const served = new Set(notebooks.map(({ kernelName }) => kernelName));
  for (const card of consoles) {
    if (served.has(card.kernelName) && !free.has(card.kernelName)) {
      free.set(card.kernelName, card);
    } else {
      single.push(card);
    }
  }
  const cards = notebooks.map(card => {
    const { item = null } = free.get(card.kernelName) ?? {};
    free.delete(card.kernelName);
    return { ...card, consoleItem: item };
  });
  return [...cards, ...single];
}

/**
 * Whether two cards of kernels look and do the same, so that one need not be rendered
 * again. Other cards are never the same, as their commands may change their icons.
 */
export function isSameCard(a: ICard, b: ICard): boolean {
  return (
    a === b ||
    (a.hasLogo &&
      b.hasLogo &&
      a.item === b.item &&
      a.consoleItem === b.consoleItem &&
      a.kernelName === b.kernelName &&
      a.language === b.language &&
      a.label === b.label &&
      a.title === b.title &&
      a.remoteLabel === b.remoteLabel &&
      a.ownName === b.ownName &&
      a.shown.name === b.shown.name &&
      a.shown.place === b.shown.place)
  );
}

/**
 * Sort cards like the stock launcher: by rank, then by label.
 *
 * @param byNumber - Whether 2.10 comes after 2.9, unlike in the stock launcher.
 */
export function sorted(cards: readonly ICard[], byNumber = false): ICard[] {
  const collator = byNumber ? NUMERIC : PLAIN;
  return [...cards].sort((a, b) => {
    const [first, second] = [rankOf(a.item), rankOf(b.item)];
    return first === second
      ? collator.compare(a.label, b.label)
      : first < second
        ? -1
        : 1;
  });
}

/** Make keys unique, also of cards that start the same. */
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

/** Compare like `localeCompare`, but much faster. */
const PLAIN = new Intl.Collator();
const NUMERIC = new Intl.Collator(undefined, { numeric: true });

function rankOf({ rank }: LauncherItem): number {
  return rank ?? Infinity;
}
