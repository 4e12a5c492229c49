import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { remoteSpec, spec } from '../../__tests__/fixtures';
import {
  displayName,
  placementProblem,
  unique,
  withDisplayNames
} from '../displayname';

interface ICases {
  /** Placement, kernel, provider, display name. */
  placements: [string, string, string, string][];
  refused: string[];
  /** Wanted display names, taken ones, and the results. */
  unique: UniqueCase[];
  /** Cases whose results depend on the order. */
  unique_in_order: UniqueCase[];
}

type UniqueCase = [Record<string, string>, string[], string[]];

/** The server's tests read the same cases, as both sides must make the same names. */
const CASES = JSON.parse(
  readFileSync('tests/shared/names.json', 'utf8')
) as ICases;

describe('displayName', () => {
  it.each(CASES.placements)(
    'names, by %j, the kernel %j of %j',
    (placement, kernel, provider, shown) => {
      expect(placementProblem(placement)).toBeNull();
      expect(displayName(placement, kernel, provider)).toBe(shown);
    }
  );
});

describe('placementProblem', () => {
  it.each(CASES.refused)('refuses %j', placement => {
    expect(placementProblem(placement)).not.toBeNull();
  });

  it.each([
    ['{kernl} ({provider})', { kind: 'field', field: 'kernl' }],
    ['{ kernel }', { kind: 'field', field: ' kernel ' }],
    ['{kernel.name}', { kind: 'field', field: 'kernel.name' }],
    ['{kernel} ({provider', { kind: 'brace' }],
    ['{kernel}}', { kind: 'brace' }],
    ['{provider}', { kind: 'kernel' }],
    ['{{kernel}}', { kind: 'kernel' }],
    ['', { kind: 'kernel' }]
  ])('says what is wrong with %j', (placement, problem) => {
    expect(placementProblem(placement)).toEqual(problem);
  });
});

describe('unique', () => {
  it.each([...CASES.unique, ...CASES.unique_in_order])(
    'makes %j unique among %j',
    (wanted, taken, given) => {
      const names = unique(new Map(Object.entries(wanted)), new Set(taken));
      expect([...names.keys()]).toEqual(Object.keys(wanted));
      expect([...names.values()]).toEqual(given);
    }
  );

  it('does not depend on the order unless numbers are needed twice', () => {
    for (const [wanted, taken] of CASES.unique) {
      const entries = Object.entries(wanted);
      const there = unique(new Map(entries), new Set(taken));
      const back = unique(new Map(entries.reverse()), new Set(taken));
      expect(Object.fromEntries(back)).toEqual(Object.fromEntries(there));
    }
  });

  it.each<[string, (index: number) => [string, string]]>([
    ['equal', index => [`k${String(index)}`, 'P']],
    ['other names with brackets', index => [`k${String(index)}`, chain(index)]],
    ['numbered', index => [`k${String(index)}`, `P [k] (${String(index)})`]],
    ['equal in brackets', index => [`b${LINK.repeat(index % LINKS)}`, 'P']]
  ])('makes many names unique that are %s', (_what, crafted) => {
    const entries = Array.from({ length: 5000 }, (_, index) => crafted(index));
    const wanted = new Map([...entries, ['k', 'P'], ['l', 'P']] as const);
    const taken = new Set(entries.map(([, text]) => `${text}${LINK}`));
    taken.add('P').add('P [k]');
    const names = [...unique(wanted, taken).values()];
    expect(new Set(names).size).toBe(wanted.size);
    expect(names.filter(name => taken.has(name))).toEqual([]);
  });
});

const LINK = ' [k]';
const LINKS = 200;

/** A display name that is the previous one with brackets. */
function chain(index: number): string {
  return `P${LINK.repeat(index % LINKS)}`;
}

describe('withDisplayNames', () => {
  const gpu = remoteSpec('gpu', 'GPU', 'Python 3');
  const cpu = remoteSpec('cpu', 'CPU', 'Python 3');
  const local = spec('python3', 'Python 3');
  const specs = {
    default: 'gpu/python3',
    kernelspecs: {
      'gpu/python3': gpu,
      gone: undefined,
      python3: local,
      'cpu/python3': cpu
    }
  };
  const namesBy = (placement: string): string[] =>
    Object.values(withDisplayNames(specs, placement).kernelspecs).map(
      spec => spec?.display_name ?? ''
    );

  it('puts local kernels first, unchanged', () => {
    const result = withDisplayNames(specs, 'prefix');
    expect(Object.keys(result.kernelspecs)).toEqual([
      'python3',
      'gpu/python3',
      'cpu/python3'
    ]);
    expect(result.kernelspecs.python3).toBe(local);
    expect(result.default).toBe('gpu/python3');
  });

  it('names remote kernels by the placement', () => {
    expect(namesBy('prefix')).toEqual([
      'Python 3',
      'GPU: Python 3',
      'CPU: Python 3'
    ]);
  });

  it("keeps the server's names without a placement", () => {
    expect(namesBy('')).toEqual([
      'Python 3',
      gpu.display_name,
      cpu.display_name
    ]);
  });

  it('makes equal names unique', () => {
    expect(namesBy('none')).toEqual([
      'Python 3',
      'Python 3 [gpu/python3]',
      'Python 3 [cpu/python3]'
    ]);
  });

  it('does not change its arguments', () => {
    const before = structuredClone(specs);
    withDisplayNames(specs, 'none');
    expect(specs).toEqual(before);
  });
});
