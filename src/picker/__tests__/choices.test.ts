import { describe, expect, it } from 'vitest';

import { missingName, preselected } from '../choices';
import type { IKernelSource } from '../choices';
import { kernel, source, spec, specs, two } from '../../__tests__/kernelsources';

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

  it('is the attached kernel, by its id', () => {
    expect(
      chosen({
        current: kernel('1', 'gpu/python3'),
        preference: { name: 'python3' }
      })
    ).toEqual({ id: '1' });
  });

  it('is no kernel where none may be started', () => {
    expect(chosen({ preference: { canStart: false } })).toBeNull();
  });

  it('is the kernel that is asked for, by its name', () => {
    expect(chosen({ preference: { name: 'gpu/python3' } })).toEqual({
      name: 'gpu/python3'
    });
    // Not by the name that people read.
    expect(chosen({ preference: { name: 'R', language: 'R' } })).toEqual({
      name: 'ir'
    });
    expect(chosen({ preference: { name: 'R' } })).toBeUndefined();
  });

  it('stays at the provider whose kernel is asked for and not there', () => {
    expect(
      chosen({ preference: { name: 'gpu/old', language: 'python' } })
    ).toEqual({ name: 'gpu/python3' });
    for (const name of ['gpu/old', 'gone/python3']) {
      expect(chosen({ preference: { name, language: 'R' } })).toBeUndefined();
    }
    expect(
      chosen({ preference: { name: 'gone/python3', language: 'python' } })
    ).toBeUndefined();
    // Of a local kernel, too.
    expect(
      chosen({ preference: { name: 'old-julia', language: 'julia' } })
    ).toBeUndefined();
  });

  it("is the server's default kernel before others of the language", () => {
    expect(chosen({ preference: { language: 'python' } })).toEqual({
      name: 'python3'
    });
    expect(chosen({ preference: { name: 'old', language: 'python' } })).toEqual(
      { name: 'python3' }
    );
    expect(chosen({ preference: { language: 'R' } })).toEqual({ name: 'ir' });
    expect(chosen({ preference: { language: 'julia' } })).toBeUndefined();
  });

  it("is the server's default kernel where nothing is asked for", () => {
    expect(chosen({})).toEqual({ name: 'python3' });
    expect(chosen({ specs: specs('gone', spec('python3')) })).toBeUndefined();
  });

  it('waits for what is not known yet', () => {
    expect(
      chosen({ specs: null, preference: { name: 'python3' } })
    ).toBeUndefined();
  });
});

describe('missingName', () => {
  const known = specs('python3', spec('python3'));

  it('is that of a kernel that is asked for and not there', () => {
    const preference = { name: 'gpu/python3' };
    expect(missingName(source({ specs: known, preference }))).toBe(
      'gpu/python3'
    );
    const current = kernel('1', 'python3');
    for (const its of [
      source({ specs: known, preference: { name: 'python3' } }),
      source({ specs: known }),
      source({ preference }),
      source({ specs: known, preference, current })
    ]) {
      expect(missingName(its)).toBe('');
    }
  });
});
