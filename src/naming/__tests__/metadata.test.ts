import { JSONExt } from '@lumino/coreutils';
import type { JSONObject } from '@lumino/coreutils';
import { describe, expect, it } from 'vitest';

import { remoteSpec, spec } from '../../__tests__/fixtures';
import { providerOf, withReadableMetadata } from '../metadata';

describe('providerOf', () => {
  it('reads the flat metadata of a remote kernel', () => {
    expect(providerOf(remoteSpec('gpu', 'GPU farm', 'R'))).toEqual({
      id: 'gpu',
      label: 'GPU farm',
      kernel: 'R'
    });
  });

  it.each([
    ['a local kernel', {}],
    ['metadata of another kind', { kernel_provider: { id: 'gpu' } }],
    ['half of it', { kernel_provider: 'gpu', kernel_provider_label: 'GPU' }]
  ])('returns null for %s', (_what, metadata) => {
    expect(providerOf({ ...spec('python3', 'Python 3'), metadata })).toBeNull();
  });
});

describe('withReadableMetadata', () => {
  const gpu = remoteSpec('gpu', 'GPU farm', 'R');
  const local = spec('python3', 'Python 3');
  const kernelspecs = { 'gpu/r': gpu, gone: undefined, python3: local };
  const readable = withReadableMetadata({ default: 'python3', kernelspecs });

  it('gives remote kernels one column in tables, and keeps their provider', () => {
    const result = readable.kernelspecs['gpu/r'];
    // JupyterLab gives launchers a copy.
    const copy = JSONExt.deepCopy(result?.metadata as JSONObject);
    expect(Object.entries(copy)).toEqual([['Provider', 'GPU farm']]);
    expect(result && providerOf(result)).toEqual(providerOf(gpu));
  });

  it('keeps other metadata, and changes no local kernel', () => {
    const more = { ...gpu, metadata: { ...gpu.metadata, debugger: true } };
    const result = withReadableMetadata({
      default: '',
      kernelspecs: { 'gpu/r': more, python3: local }
    }).kernelspecs;
    expect(Object.keys(result['gpu/r']?.metadata ?? {})).toContain('debugger');
    expect(result.python3).toBe(local);
    expect(Object.keys(gpu.metadata ?? {})).toContain('kernel_provider');
  });
});
