import type { IKernelProviders } from './tokens';

/** With more kernels, lists are longer than a look takes in, and have shortcuts. */
export const MANY_KERNELS = 12;

/** The number of recent kernels that are shown. */
const RECENT = 6;

/** The kernels that come before all others, by name. */
export interface IShortcuts {
  /** In the order in which the user starred them. */
  readonly starred: readonly string[];
  /** The last one first. */
  readonly recent: readonly string[];
}

const NONE: IShortcuts = { starred: [], recent: [] };

/**
 * Return the kernels that come before all others.
 *
 * @param names - The kernels that there are.
 *
 * @returns Each kernel at most once; none if there are few kernels.
 */
export function shortcutsOf(
  { recent, preferences }: Pick<IKernelProviders, 'recent' | 'preferences'>,
  names: ReadonlySet<string>
): IShortcuts {
  if (names.size <= MANY_KERNELS) {
    return NONE;
  }
  const starred = preferences.stars ? preferences.starred : [];
  return {
    starred: starred.filter(name => names.has(name)),
    recent: preferences.recent
      ? recent
          .filter(name => names.has(name) && !starred.includes(name))
          .slice(0, RECENT)
      : []
  };
}
