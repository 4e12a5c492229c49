import { describe, expect, it } from 'vitest';

import { remoteSpec, spec } from '../../__tests__/fixtures';
import { withDisplayNames } from '../displayname';
import { kernelLabels } from '../labels';

function labelsOf(
  placement: string,
  ...models: ReturnType<typeof spec>[]
): string[] {
  const kernelspecs = Object.fromEntries(models.map(it => [it.name, it]));
  const specs = withDisplayNames({ default: '', kernelspecs }, placement);
  return [...kernelLabels(specs, placement)].map(
    ([kernel, { name, place }]) => `${kernel}: ${name} | ${place}`
  );
}

const LOCAL = spec('python3', 'Python 3');
const REMOTE = remoteSpec('gpu', 'GPU farm', 'Python 3');

describe('kernelLabels', () => {
  it('has the name of a kernel apart from its place', () => {
    expect(labelsOf('', LOCAL, REMOTE)).toEqual([
      'python3: Python 3 | ',
      'gpu/python3: Python 3 | GPU farm'
    ]);
  });

  it.each([
    ['prefix', 'GPU farm: Python 3'],
    ['suffix', 'Python 3 (GPU farm)'],
    ['none', 'Python 3'],
    ['{provider} – {kernel}', 'GPU farm – Python 3']
  ])('follows the placement %j of the user', (placement, shown) => {
    expect(labelsOf(placement, REMOTE)).toEqual([`gpu/python3: ${shown} | `]);
  });

  it('tells kernels of one provider apart, also by what a page does not show', () => {
    expect(
      labelsOf(
        '',
        remoteSpec('gpu', 'GPU farm', 'Python 3', 'a'),
        remoteSpec('gpu', 'GPU farm', ' Python  3\n', 'b'),
        remoteSpec('gpu', 'GPU farm', 'R', 'c'),
        remoteSpec('cpu', 'CPU farm', 'Python 3', 'a')
      )
    ).toEqual([
      'gpu/a: Python 3 [a] | GPU farm',
      'gpu/b: Python 3 [b] | GPU farm',
      'gpu/c: R | GPU farm',
      'cpu/a: Python 3 | CPU farm'
    ]);
  });

  it('never has an empty name', () => {
    const nameless = remoteSpec('gpu', 'GPU farm', ' ', 'py');
    expect(labelsOf('', nameless)).toEqual(['gpu/py: py | GPU farm']);
  });

  it('is empty until the catalog is known', () => {
    expect(kernelLabels(null, '').size).toBe(0);
  });
});
