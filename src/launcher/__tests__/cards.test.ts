import { describe, expect, it } from 'vitest';

import { remoteSpec, spec } from '../../__tests__/fixtures';
import {
  cardOf,
  isSameCard,
  joined,
  kernelNameOf,
  sorted,
  withUniqueKeys
} from '../cards';
import type { ICardSource, LauncherItem } from '../cards';

const specs = new Map([
  ['python3', spec('python3', 'Python 3')],
  ['gpu/python3', remoteSpec('gpu', 'GPU farm', 'Python 3')]
]);

const source: ICardSource = {
  describe: ({ args }) => ({
    label: (args?.['label'] ?? '') as string,
    caption: (args?.['caption'] ?? '') as string
  }),
  spec: name => specs.get(name),
  kernelLabel: name =>
    name === 'gpu/python3'
      ? { name: 'Python 3', place: 'GPU farm' }
      : undefined,
  providerLabel: name => (name === 'python3' ? 'This server' : 'GPU farm')
};

function notebook(kernelName: string, label = kernelName): LauncherItem {
  return { command: 'notebook', args: { kernelName, label } };
}

function consoleOf(name: string): LauncherItem {
  return {
    command: 'console',
    args: { kernelPreference: { name }, label: name }
  };
}

const card = (item: LauncherItem): ReturnType<typeof cardOf> =>
  cardOf(item, true, source);

describe('kernelNameOf', () => {
  it('knows the arguments of notebooks and of consoles', () => {
    expect(kernelNameOf(notebook('gpu/python3'))).toBe('gpu/python3');
    expect(kernelNameOf(consoleOf('gpu/python3'))).toBe('gpu/python3');
  });

  it.each<NonNullable<LauncherItem['args']>>([
    {},
    { kernelName: 3 },
    { kernelPreference: null },
    { kernelPreference: 'python3' },
    { kernelPreference: { id: 'x' } }
  ])('is empty for %j', args => {
    expect(kernelNameOf({ command: 'other', args })).toBe('');
  });
});

describe('isSameCard', () => {
  const item = notebook('gpu/python3', 'Python 3 (GPU farm)');
  const its = { ...card(item), consoleItem: consoleOf('gpu/python3') };

  it('knows the card of a kernel that was made anew', () => {
    const { consoleItem } = its;
    expect(isSameCard(its, { ...card(item), consoleItem })).toBe(true);
  });

  it.each<[string, Partial<ReturnType<typeof cardOf>>]>([
    ['name', { label: 'Python 3' }],
    ['place', { shown: { ...its.shown, place: '' } }],
    ['shown name', { shown: { ...its.shown, name: 'Py' } }],
    ['letter', { ownName: 'R' }],
    ['title', { title: 'Python 3' }],
    ['badge', { remoteLabel: 'CPU farm' }],
    ['command', { item: { ...item } }],
    ['console', { consoleItem: null }]
  ])('sees another %s', (_what, more) => {
    expect(isSameCard(its, { ...its, ...more })).toBe(false);
  });

  it('never trusts the icon of a command', () => {
    const terminal = cardOf({ command: 'terminal' }, false, source);
    expect(isSameCard(terminal, { ...terminal })).toBe(false);
  });
});

describe('cardOf', () => {
  it('has a label for every item, for the letter in place of a logo', () => {
    expect(card(notebook('gone/x', '')).label).toBe('gone/x');
    const nameless = { command: 'some:command', args: { caption: 'Do it' } };
    expect(cardOf(nameless, false, source).label).toBe('Do it');
    expect(cardOf({ command: 'some:command' }, false, source).label).toBe(
      'some:command'
    );
  });

  it('has the display name of a kernel as its title, and otherwise the caption', () => {
    const args = { label: 'Terminal', caption: 'Start a terminal' };
    expect(cardOf({ command: 't', args }, false, source).title).toBe(
      'Start a terminal'
    );
    const item = notebook('gpu/python3', 'Python 3 (GPU farm)');
    expect(card(item).title).toBe('Python 3 (GPU farm)');
  });

  it('shows name and place apart, unless a command has a label of its own', () => {
    const [name, place] = ['Python 3', 'GPU farm'];
    expect(card(notebook('gpu/python3', 'Python 3 (GPU farm)')).shown).toEqual({
      name,
      place
    });
    expect(card(notebook('gpu/python3', 'Run it')).shown).toEqual({
      name: 'Run it',
      place: ''
    });
    expect(card(notebook('python3', 'Python 3')).shown).toEqual({
      name: 'Python 3',
      place: ''
    });
  });

  it('has the provider of a remote kernel only', () => {
    expect(card(notebook('gpu/python3')).remoteLabel).toBe('GPU farm');
    expect(card(notebook('python3')).remoteLabel).toBe('');
  });

  it('is found by name, language and provider', () => {
    const { searchText } = card(notebook('gpu/python3', 'Environment 7'));
    for (const text of ['environment 7', 'python', 'gpu farm', 'gpu/python3']) {
      expect(searchText).toContain(text);
    }
    expect(card(notebook('python3')).searchText).toContain('this server');
    expect(card({ command: 'terminal' }).searchText).not.toContain('farm');
  });
});

describe('joined', () => {
  it('combines the notebook and console cards of a kernel', () => {
    const cards = joined(
      [card(notebook('a')), card(notebook('b'))],
      [card(consoleOf('b')), card(consoleOf('a'))]
    );
    expect(
      cards.map(({ item, consoleItem }) => [
        item.command,
        consoleItem && kernelNameOf(consoleItem)
      ])
    ).toEqual([
      ['notebook', 'a'],
      ['notebook', 'b']
    ]);
  });

  it('keeps a console card without a notebook card', () => {
    const [only, ...others] = joined([], [card(consoleOf('a'))]);
    expect(only?.item.command).toBe('console');
    expect(only?.consoleItem).toBeNull();
    expect(others).toEqual([]);
  });

  it('loses nothing if there are two cards of one category', () => {
    const two = [card(consoleOf('a')), card(consoleOf('a'))];
    const cards = joined([card(notebook('a')), card(notebook('a'))], two);
    expect(cards.map(({ item }) => item.command)).toEqual([
      'notebook',
      'notebook',
      'console'
    ]);
    expect(cards.filter(({ consoleItem }) => consoleItem)).toHaveLength(1);
  });
});

describe('sorted', () => {
  it('sorts by rank, then by label; cards without a rank come last', () => {
    const items = [
      { ...notebook('x', 'Zebra'), rank: Infinity },
      notebook('x', 'Ant'),
      { ...notebook('x', 'Yak'), rank: 2 },
      { ...notebook('x', 'Bee'), rank: -1 }
    ];
    expect(sorted(items.map(card)).map(({ label }) => label)).toEqual([
      'Bee',
      'Yak',
      'Ant',
      'Zebra'
    ]);
  });

  it('sorts by numbers in labels on demand', () => {
    const labels = (byNumber: boolean): string[] =>
      sorted(
        ['R 4.10', 'R 4.9'].map(label => card(notebook('x', label))),
        byNumber
      ).map(({ label }) => label);
    expect(labels(true)).toEqual(['R 4.9', 'R 4.10']);
    expect(labels(false)).toEqual(['R 4.10', 'R 4.9']);
  });
});

describe('withUniqueKeys', () => {
  it('keeps unique keys, and changes the others', () => {
    const [a, b] = [card(notebook('a')), card(notebook('b'))];
    const keys = withUniqueKeys([a, b, a, a]).map(({ key }) => key);
    expect(new Set(keys).size).toBe(4);
    expect(keys.slice(0, 2)).toEqual([a.key, b.key]);
  });
});
