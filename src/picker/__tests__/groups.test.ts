import type { Kernel, KernelSpec } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';

import {
  kernel,
  provider,
  kernelProviders,
  session,
  source,
  spec,
  specs,
  two
} from '../../__tests__/pickerfixtures';
import { isOtherKernel, keyOf } from '../choices';
import { filtered, kernelGroups } from '../groups';
import type { IKernelGroup } from '../groups';

/** The keys of the rows by group id. */
function outline(groups: readonly IKernelGroup[]): Record<string, string[]> {
  return Object.fromEntries(
    groups.map(({ id, rows }) => [id, rows.map(row => keyOf(row.choice))])
  );
}

const start = (name: string): string => keyOf({ name });
const connect = (id: string): string => keyOf({ id });

describe('kernelGroups', () => {
  it('has a group for each provider, in their order', () => {
    const its = source({
      specs: specs('python3', spec('python3'), spec('gpu/python3')),
      running: [kernel('1', 'gpu/python3'), kernel('2', 'python3')]
    });
    const swapped = kernelProviders(provider('gpu'), provider('local'));

    expect(Object.entries(outline(kernelGroups(its, swapped)))).toEqual([
      ['gpu', [start('gpu/python3'), connect('1')]],
      ['local', [start('python3'), connect('2')]]
    ]);
  });

  it('has starred and recent kernels first if there are many, but not in a filter', () => {
    const names = Array.from(
      { length: 13 },
      (_, index) => `gpu/${String(index)}`
    );
    const its = source({ specs: specs('', ...names.map(name => spec(name))) });
    const preferences = { ...two.preferences, starred: ['gpu/1'] };
    const recent = ['gpu/2', 'gpu/1'];
    const groups = kernelGroups(its, { ...two, preferences, recent });
    expect(groups.map(({ id }) => id)).toEqual([
      'starred',
      'recent',
      'local',
      'gpu'
    ]);
    expect(outline(groups)).toMatchObject({
      starred: [keyOf({ name: 'gpu/1', list: 'starred' })],
      recent: [keyOf({ name: 'gpu/2', list: 'recent' })]
    });
    expect(outline(groups)['gpu']).toHaveLength(13);
    expect(Object.keys(outline(filtered(groups, 'gpu')))).toEqual(['gpu']);
  });

  it('puts the preferred language first, and sorts by display name', () => {
    const its = source({
      preference: { language: 'R' },
      specs: specs(
        'a',
        spec('a', 'python', 'Python 3.10'),
        spec('b', 'python', 'Python 3.9'),
        spec('c', 'R', 'R'),
        spec('d', 'R', 'Not R by name')
      ),
      running: [kernel('1', 'a'), kernel('2', 'c')]
    });
    expect(outline(kernelGroups(its, two))['local']).toEqual([
      start('d'),
      start('c'),
      start('b'),
      start('a'),
      connect('2'),
      connect('1')
    ]);
  });

  it('prefers the language of the preferred or current kernel', () => {
    const known = specs('a', spec('a'), spec('b', 'R'));
    for (const its of [
      source({ specs: known, preference: { name: 'b' } }),
      source({ specs: known, current: kernel('1', 'b') })
    ]) {
      expect(outline(kernelGroups(its, two))['local']?.[0]).toBe(start('b'));
    }
  });

  it('names the users of a running kernel, and has the current kernel first', () => {
    const mine = kernel('9', 'python3');
    const other = kernel('1', 'python3');
    const its = source({
      specs: specs('python3', spec('python3')),
      current: mine,
      running: [other],
      sessions: [
        session('a/one.ipynb', other),
        session('two.ipynb', other),
        session('mine.ipynb', mine),
        session('b/mine.ipynb', mine)
      ]
    });
    const rows = kernelGroups(its, two)[0]?.rows.slice(1);
    expect(rows).toMatchObject([
      { choice: { id: '9' }, isCurrent: true, users: ['mine.ipynb'] },
      {
        choice: { id: '1' },
        isCurrent: false,
        users: ['one.ipynb', 'two.ipynb'],
        paths: ['a/one.ipynb', 'two.ipynb']
      }
    ]);
  });

  it('puts other kernels last, the most recently used first', () => {
    const at = (id: string, time: string): Kernel.IModel => ({
      ...kernel(id, 'gpu/python3'),
      last_activity: `2026-05-04T${time}:00Z`
    });
    const known = at('known', '09:00');
    const its = source({
      specs: specs('python3', spec('python3'), spec('gpu/python3')),
      preference: { language: 'python' },
      running: [known],
      current: kernel('own', 'gpu/python3'),
      otherKernels: new Map([
        [
          'gpu',
          {
            kernels: [
              kernel('own', 'gpu/python3'),
              kernel('unknown', 'gpu/other'),
              known,
              at('older', '08:00'),
              at('newer', '08:30')
            ],
            failure: ''
          }
        ]
      ])
    });

    const gpu = kernelGroups(its, two)[1];

    expect(gpu?.rows.map(({ choice }) => choice)).toEqual([
      { name: 'gpu/python3' },
      { id: 'own' },
      { id: 'known' },
      { id: 'newer', provider: 'gpu' },
      { id: 'older', provider: 'gpu' },
      { id: 'unknown', provider: 'gpu' }
    ]);
    // Other kernels do not count as this server's.
    expect(gpu?.counts).toEqual({ kernels: 1, running: 2 });
    expect(gpu?.rows.map(isOtherKernel)).toEqual([
      false,
      false,
      false,
      true,
      true,
      true
    ]);
  });

  it('has the failure of a provider that does not list other kernels', () => {
    const failure = 'The gpu does not list its kernels.';
    const its = source({
      specs: specs('gpu/python3', spec('gpu/python3')),
      otherKernels: new Map([['gpu', { kernels: [], failure }]])
    });

    expect(kernelGroups(its, two).map(it => it.failure)).toEqual(['', failure]);
    // Also with only one provider.
    const one = kernelProviders(provider('gpu'));
    expect(kernelGroups(its, one)).toMatchObject([
      { id: 'start', failure: '' },
      { id: 'connect', rows: [], failure }
    ]);
  });

  it('has providers without kernels, unless they are off', () => {
    const all = kernelProviders(
      provider('local'),
      provider('down', 'offline'),
      provider('unused', 'off')
    );
    const its = source({ specs: specs('python3', spec('python3')) });
    expect(kernelGroups(its, all).map(({ label }) => label)).toEqual([
      'This server',
      'The down'
    ]);
  });

  it('has kernels of a provider that the server does not list', () => {
    const remote: KernelSpec.ISpecModel = {
      ...spec('new/python3'),
      metadata: {
        kernel_provider: 'new',
        kernel_provider_label: 'A new one',
        kernel_display_name: 'Python 3'
      }
    };
    const its = source({
      specs: specs('python3', spec('python3'), remote),
      running: [kernel('1', 'gone/python3')]
    });
    const groups = kernelGroups(its, kernelProviders(provider('local')));
    expect(groups.map(({ label }) => label)).toEqual([
      'This server',
      'A new one',
      'gone'
    ]);
  });

  it('has the groups of the stock dialog with only one provider', () => {
    const its = source({
      preference: { language: 'python' },
      specs: specs('python3', spec('python3'), spec('ir', 'R')),
      running: [kernel('1', 'ir')]
    });
    for (const one of [kernelProviders(provider('local')), kernelProviders()]) {
      expect(outline(kernelGroups(its, one))).toEqual({
        preferred: [start('python3')],
        start: [start('ir')],
        connect: [connect('1')]
      });
    }
  });

  it('has a group for the only provider if it is not available', () => {
    const its = source({ specs: specs('python3', spec('python3')) });
    const down = kernelProviders(provider('local', 'offline'));
    expect(kernelGroups(its, down)).toMatchObject([
      { id: 'local', purpose: null, provider: { state: 'offline' } }
    ]);
  });

  it('is empty if kernels may not be started', () => {
    const its = source({
      specs: specs('python3', spec('python3')),
      preference: { canStart: false }
    });
    expect(kernelGroups(its, two)).toEqual([]);
  });
});

describe('filtered', () => {
  const busy = kernel('abc-1', 'gpu/julia');
  const groups = kernelGroups(
    source({
      specs: specs(
        'python3',
        spec('python3', 'python', 'Python 3'),
        spec('gpu/py', 'python', 'Deep Learning'),
        spec('gpu/julia', 'julia', 'Julia')
      ),
      running: [busy],
      sessions: [session('Fluid.ipynb', busy)]
    }),
    two
  );
  const found = (text: string): string[] =>
    Object.values(outline(filtered(groups, text))).flat();

  it('finds kernels by name, provider, language, user and id', () => {
    expect(found('deep')).toEqual([start('gpu/py')]);
    expect(found('gpu/julia')).toEqual([start('gpu/julia'), connect('abc-1')]);
    expect(found('the GPU')).toEqual([
      start('gpu/py'),
      start('gpu/julia'),
      connect('abc-1')
    ]);
    expect(found('python')).toEqual([start('python3'), start('gpu/py')]);
    expect(found('fluid')).toEqual([connect('abc-1')]);
    expect(found('abc')).toEqual([connect('abc-1')]);
  });

  it('needs every word, in any order', () => {
    expect(found(' julia  fluid ')).toEqual([connect('abc-1')]);
    expect(found('python gpu')).toEqual([start('gpu/py')]);
    expect(found('python fluid')).toEqual([]);
  });

  it('drops empty groups, and keeps all groups without a text', () => {
    expect(Object.keys(outline(filtered(groups, 'deep')))).toEqual(['gpu']);
    expect(filtered(groups, '  ')).toBe(groups);
  });
});
