import { describe, expect, it } from 'vitest';

import {
  kernel,
  source,
  spec,
  specs,
  two
} from '../../__tests__/pickerfixtures';
import { preselected, unavailableName } from '../choices';
import type { IKernelSource } from '../choices';

describe('preselected', () => {
  const known = specs(
    'python3',
    spec('a-python'),
    spec('python3'),
    spec('ir', 'R', 'R'),
    spec('gpu/python3'),
    spec('gpu/julia', 'julia')
  );
  const chosen = (parts: Partial<IKernelSource>): unknown =>
    preselected(source({ specs: known, ...parts }), two);

  it('is the current kernel, by its id', () => {
    expect(
      chosen({
        current: kernel('1', 'gpu/python3'),
        preference: { name: 'python3' }
      })
    ).toEqual({ id: '1' });
  });

  it('is no kernel if kernels may not be started', () => {
    expect(chosen({ preference: { canStart: false } })).toBeNull();
  });

  it('is the preferred kernel, by its name', () => {
    expect(chosen({ preference: { name: 'gpu/python3' } })).toEqual({
      name: 'gpu/python3'
    });
    // Not by its display name.
    expect(chosen({ preference: { name: 'R', language: 'R' } })).toEqual({
      name: 'ir'
    });
    expect(chosen({ preference: { name: 'R' } })).toBeUndefined();
  });

  it('stays at the provider of a preferred kernel that is not in the catalog', () => {
    expect(
      chosen({ preference: { name: 'gpu/old', language: 'python' } })
    ).toEqual({ name: 'gpu/python3' });
    for (const name of ['gpu/old', 'gone/python3']) {
      expect(chosen({ preference: { name, language: 'R' } })).toBeUndefined();
    }
    expect(
      chosen({ preference: { name: 'gone/python3', language: 'python' } })
    ).toBeUndefined();
    // This holds for local kernels, too.
    expect(
      chosen({ preference: { name: 'old-julia', language: 'julia' } })
    ).toBeUndefined();
  });

  it("is the server's default kernel before others in the language", () => {
    expect(chosen({ preference: { language: 'python' } })).toEqual({
      name: 'python3'
    });
    expect(chosen({ preference: { name: 'old', language: 'python' } })).toEqual(
      { name: 'python3' }
    );
    expect(chosen({ preference: { language: 'R' } })).toEqual({ name: 'ir' });
    expect(chosen({ preference: { language: 'julia' } })).toBeUndefined();
  });

  it("is the server's default kernel without a preference", () => {
    expect(chosen({})).toEqual({ name: 'python3' });
    expect(chosen({ specs: specs('gone', spec('python3')) })).toBeUndefined();
  });

  it('is undefined until the catalog is known', () => {
    expect(
      chosen({ specs: null, preference: { name: 'python3' } })
    ).toBeUndefined();
  });
});

describe('unavailableName', () => {
  const known = specs('python3', spec('python3'));

  it('is the name of a preferred kernel that is not in the catalog', () => {
    const preference = { name: 'gpu/python3' };
    expect(unavailableName(source({ specs: known, preference }))).toBe(
      'gpu/python3'
    );
    const current = kernel('1', 'python3');
    for (const its of [
      source({ specs: known, preference: { name: 'python3' } }),
      source({ specs: known }),
      source({ preference }),
      source({ specs: known, preference, current })
    ]) {
      expect(unavailableName(its)).toBe('');
    }
  });
});
