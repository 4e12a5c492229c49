import { describe, expect, it } from 'vitest';

import { provider, remoteSpec, spec } from '../../__tests__/fixtures';
import { MockKernelProviders } from '../../__tests__/mockproviders';
import { inOrder } from '../../providers/model';
import type { IPreferences, IProvider } from '../../tokens';
import type { LauncherItem } from '../cards';
import {
  emptyCauseOf,
  hasStars,
  isSearchable,
  matching,
  sectionsOf
} from '../layout';
import type { ILauncherSource, ISection, LauncherProviders } from '../layout';

const CATEGORIES = { notebook: 'Notizbuch', console: 'Konsole', other: 'Mehr' };

const specs = new Map(
  [
    spec('python3', 'Python 3'),
    { ...spec('ir', 'R 4.5'), language: 'R' },
    remoteSpec('a', 'Farm A', 'Python 3'),
    remoteSpec('a', 'Farm A', 'Julia', 'jl'),
    remoteSpec('b', 'b', 'Python 3')
  ].map(one => [one.name, one])
);

/** The items that JupyterLab adds for each kernel. */
function kernelItems(...names: string[]): LauncherItem[] {
  return names.flatMap((name): LauncherItem[] => {
    const rank = name === 'python3' ? 0 : Infinity;
    return [
      {
        command: 'notebook',
        args: { kernelName: name },
        category: CATEGORIES.notebook,
        rank
      },
      {
        command: 'console',
        args: { kernelPreference: { name } },
        category: CATEGORIES.console,
        rank
      }
    ];
  });
}

function providersWith(
  providers: IProvider[],
  preferences: Partial<IPreferences> = {},
  more: Partial<LauncherProviders> = {}
): LauncherProviders {
  const mock = new MockKernelProviders(
    ...inOrder(providers, preferences.order ?? [])
  );
  mock.preferences = { ...mock.preferences, ...preferences };
  return {
    providers: mock.providers,
    problems: [],
    mayAdd: false,
    preferences: mock.preferences,
    recent: [],
    get: id => mock.get(id),
    idOf: name => mock.idOf(name),
    ...more
  };
}

function arrange(
  items: LauncherItem[],
  providers: LauncherProviders
): ISection[] {
  const source: ILauncherSource = {
    items,
    providers,
    categories: CATEGORIES,
    describe: ({ command, args }) => {
      const preference = args?.['kernelPreference'] as
        { name: string } | undefined;
      const name = (args?.['kernelName'] ?? preference?.name) as string;
      return {
        label: specs.get(name)?.display_name ?? command,
        caption: ''
      };
    },
    spec: name => specs.get(name),
    kernelLabel: () => undefined,
    providerLabel: name => providers.get(providers.idOf(name))?.label ?? ''
  };
  return sectionsOf(source);
}

const titles = (sections: readonly ISection[]): string[] =>
  sections.map(({ title, kind }) => title || kind);

const labels = (section: ISection | undefined): string[] | undefined =>
  section?.cards.map(({ label }) => label);

const LOCAL = provider('local', { label: 'This server' });
const A = provider('a', { label: 'Farm A' });
const B = provider('b');
const ALL = kernelItems('python3', 'ir', 'a/python3', 'a/jl', 'b/python3');
const TERMINAL = { command: 'terminal', category: CATEGORIES.other };

describe('sectionsOf', () => {
  it('has a section for each remote provider, after the local kernels', () => {
    const sections = arrange([TERMINAL, ...ALL], providersWith([LOCAL, A, B]));
    expect(titles(sections)).toEqual([
      'Notizbuch',
      'Konsole',
      'Farm A',
      'b',
      'Mehr'
    ]);
    expect(labels(sections[0])).toEqual(['Python 3', 'R 4.5']);
    expect(labels(sections[1])).toEqual(['Python 3', 'R 4.5']);
    expect(labels(sections[2])).toEqual([
      'Julia (Farm A)',
      'Python 3 (Farm A)'
    ]);
    expect(sections[2]?.cards[0]?.item.command).toBe('notebook');
    expect(sections[2]?.cards[0]?.consoleItem?.command).toBe('console');
  });

  it('has starred and recent kernels of all places first, if there are many', () => {
    const names = Array.from(
      { length: 11 },
      (_, index) => `a/${String(index)}`
    );
    const items = kernelItems('python3', ...names, 'b/python3');
    const shown = (
      more: Partial<IPreferences> = {},
      its: LauncherItem[] = items
    ): unknown =>
      arrange(
        its,
        providersWith(
          [LOCAL, A, B],
          { starred: ['b/python3', 'gone/x'], ...more },
          { recent: ['a/3', 'b/python3', 'python3', 'gone/x'] }
        )
      )
        .filter(({ kind }) => kind === 'starred' || kind === 'recent')
        .map(({ kind, cards }) => [kind, ...cards.map(it => it.kernelName)]);
    expect(shown()).toEqual([
      ['starred', 'b/python3'],
      ['recent', 'a/3', 'python3']
    ]);
    expect(shown({ recent: false })).toEqual([['starred', 'b/python3']]);
    expect(shown({ stars: false })).toEqual([
      ['recent', 'a/3', 'b/python3', 'python3']
    ]);
    expect(shown({}, kernelItems('python3', ...names))).toEqual([]);
  });

  it('has none of them on a server without other places', () => {
    const names = Array.from({ length: 13 }, (_, index) => String(index));
    const providers = providersWith(
      [LOCAL],
      { starred: ['1'] },
      { recent: ['2'] }
    );
    const items = kernelItems(...names);
    expect(titles(arrange(items, providers))).toEqual(['Notizbuch', 'Konsole']);
    expect(hasStars({ items, providers, categories: CATEGORIES })).toBe(false);
  });

  it('has lists of more than twelve kernels', () => {
    const areDense = (count: number): boolean[] => {
      const names = Array.from({ length: count }, (_, i) => `a/${String(i)}`);
      const items = [
        TERMINAL,
        ...kernelItems('python3', 'b/python3', ...names)
      ];
      return arrange(items, providersWith([LOCAL, A, B])).map(
        ({ isDense }) => isDense
      );
    };
    expect(areDense(12)).toEqual([false, false, false, false, false]);
    expect(areDense(13)).toEqual([false, false, true, false, false]);
  });

  it('has lists of local kernels only beside other providers', () => {
    const names = Array.from({ length: 13 }, (_, index) => String(index));
    const isDense = (providers: IProvider[]): boolean[] =>
      arrange(kernelItems(...names), providersWith(providers))
        .filter(({ kind }) => kind === 'category')
        .map(section => section.isDense);
    expect(isDense([LOCAL])).toEqual([false, false]);
    expect(isDense([LOCAL, A])).toEqual([true, true]);
  });

  it('follows the order of providers, even if local is not the first', () => {
    const order = ['b', 'local'];
    const sections = arrange(
      [TERMINAL, ...ALL],
      providersWith([LOCAL, A, B], { order })
    );
    expect(titles(sections)).toEqual([
      'b',
      'Notizbuch',
      'Konsole',
      'Farm A',
      'Mehr'
    ]);
  });

  it('puts categories of other extensions where the stock launcher does', () => {
    const sections = arrange(
      [
        { command: 'z', category: 'Zeta' },
        { command: 'e', category: 'Eta' },
        TERMINAL,
        { command: 'first', category: 'First', categoryRank: -5 },
        { command: 'late', category: 'Between' },
        { command: 'early', category: 'Between', categoryRank: 10 },
        { command: 'next', category: 'Next', categoryRank: 30 },
        ...ALL
      ],
      providersWith([LOCAL, A])
    );
    expect(titles(sections)).toEqual([
      'First',
      'Notizbuch',
      'Between',
      'Konsole',
      'Farm A',
      'b',
      'Next',
      'Mehr',
      'Eta',
      'Zeta'
    ]);
  });

  it('leaves items that start no kernel in their category', () => {
    const item = { command: 'paired', category: CATEGORIES.notebook };
    const editor = {
      command: 'editor',
      category: 'Editors',
      args: { kernelName: 'a/python3' }
    };
    const sections = arrange(
      [item, editor, ...ALL],
      providersWith([LOCAL, A, B])
    );
    expect(labels(sections[0])).toContain('paired');
    expect(labels(sections.find(({ title }) => title === 'Editors'))).toEqual([
      'Python 3 (Farm A)'
    ]);
  });

  it('shows a provider without kernels, and kernels of an unlisted provider', () => {
    const silent = provider('silent', { state: 'offline' });
    const sections = arrange(
      kernelItems('python3', 'a/jl'),
      providersWith([LOCAL, silent])
    );
    expect(titles(sections)).toEqual([
      'Notizbuch',
      'Konsole',
      'silent',
      'Farm A'
    ]);
    expect(sections[3]?.providerId).toBe('a');
  });

  it('looks like the stock launcher if the user wants no sections', () => {
    const problems = [{ id: 'x', source: 'x.json', message: 'Bad.' }];
    const sections = arrange(
      [TERMINAL, ...ALL],
      providersWith([LOCAL, A, B], { sections: false }, { problems })
    );
    expect(titles(sections)).toEqual(['Notizbuch', 'Konsole', 'Mehr']);
    expect(sections[0]?.cards).toHaveLength(5);
    expect(sections[1]?.cards).toHaveLength(5);
  });

  it('puts problems after the sections of providers', () => {
    const problems = [{ id: 'x', source: 'x.json', message: 'Bad.' }];
    const sections = arrange(
      [TERMINAL, ...ALL],
      providersWith([LOCAL, A, B], {}, { problems })
    );
    expect(titles(sections)).toEqual([
      'Notizbuch',
      'Konsole',
      'Farm A',
      'b',
      'problems',
      'Mehr'
    ]);
  });

  describe('with a gateway in place of local kernels', () => {
    const idOf = (): string => 'gw';
    const gateway = (state: IProvider['state']): LauncherProviders =>
      providersWith([provider('gw', { state })], {}, { idOf });

    it('looks like the stock launcher while the gateway is available', () => {
      const sections = arrange(kernelItems('python3', 'ir'), gateway('online'));
      expect(titles(sections)).toEqual(['Notizbuch', 'Konsole']);
      expect(sections.map(({ providerId }) => providerId)).toEqual(['', '']);
    });

    it.each(['offline', 'blocked'] as const)(
      'shows once that the gateway is %s',
      state => {
        const sections = arrange(kernelItems('python3'), gateway(state));
        expect(titles(sections)).toEqual(['Notizbuch', 'Konsole']);
        expect(sections.map(({ providerId }) => providerId)).toEqual([
          'gw',
          ''
        ]);
      }
    );

    it('gives the gateway a section if it has never answered', () => {
      const sections = arrange([TERMINAL], gateway('offline'));
      expect(titles(sections)).toEqual(['gw', 'Mehr']);
    });
  });
});

describe('isSearchable', () => {
  const many = Array.from({ length: 13 }, (_, index) => `k${String(index)}`);
  const searchable = (
    items: LauncherItem[],
    providers: LauncherProviders
  ): boolean => isSearchable(arrange(items, providers), providers);

  it('is false for a few local kernels', () => {
    const few = kernelItems(...many.slice(1));
    expect(searchable(few, providersWith([]))).toBe(false);
    expect(searchable(few, providersWith([LOCAL]))).toBe(false);
  });

  it('is true for many kernels, and for every remote provider', () => {
    expect(searchable(kernelItems(...many), providersWith([LOCAL]))).toBe(true);
    expect(searchable(kernelItems('python3'), providersWith([LOCAL, A]))).toBe(
      true
    );
    expect(searchable(ALL, providersWith([], { sections: false }))).toBe(true);
  });
});

describe('matching', () => {
  const off = provider('weather', { state: 'offline', kernelspecs: 'none' });
  const sections = arrange(
    [TERMINAL, ...ALL],
    providersWith([LOCAL, A, B, off])
  );
  const found = (query: string): [string, number][] =>
    matching(sections, query).map(({ title, cards }) => [title, cards.length]);

  it('finds kernels, providers and languages in any case', () => {
    expect(found('JULIA')).toEqual([['Farm A', 1]]);
    expect(found('farm')).toEqual([['Farm A', 2]]);
    expect(found('r 4')).toEqual([
      ['Notizbuch', 1],
      ['Konsole', 1]
    ]);
    expect(found('this server')).toEqual([
      ['Notizbuch', 2],
      ['Konsole', 2]
    ]);
  });

  it('needs all words, in any order', () => {
    expect(found('  farm   jul ')).toEqual([['Farm A', 1]]);
    expect(found('jul farm')).toEqual([['Farm A', 1]]);
    expect(found('farm cobol')).toEqual([]);
  });

  it('finds other items by their labels', () => {
    expect(found('termi')).toEqual([['Mehr', 1]]);
  });

  it('finds a provider without known kernels', () => {
    expect(found('weath')).toEqual([['weather', 0]]);
  });

  it('returns all sections without a word', () => {
    expect(matching(sections, '  ')).toBe(sections);
  });
});

describe('emptyCauseOf', () => {
  it.each([
    ['checking', 'none', 'checking'],
    ['online', 'fresh', 'none'],
    ['slow', 'fresh', 'none'],
    ['blocked', 'none', 'none'],
    ['offline', 'stale', 'none'],
    ['offline', 'none', 'unknown'],
    ['unauthorised', 'none', 'unknown']
  ] as const)('is, for %s with %s kernelspecs, %s', (state, specs, why) => {
    expect(emptyCauseOf({ state, kernelspecs: specs })).toBe(why);
  });
});
