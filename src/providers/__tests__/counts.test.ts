import type { Kernel } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';

import { remoteSpec, spec } from '../../__tests__/fixtures';
import type { IKernelProviders } from '../../tokens';
import { countKernels } from '../counts';

const providers = {
  idOf: (name: string) => (name.includes('/') ? name.split('/')[0] : 'local')
} as IKernelProviders;

const running = (...names: string[]): Kernel.IModel[] =>
  names.map((name, index) => ({ id: String(index), name }));

describe('countKernels', () => {
  it('counts kernelspecs and running kernels by provider', () => {
    const specs = {
      default: 'python3',
      kernelspecs: {
        python3: spec('python3', 'Python 3'),
        'gpu/python3': remoteSpec('gpu', 'GPU', 'Python 3'),
        'gpu/ir': remoteSpec('gpu', 'GPU', 'R', 'ir')
      }
    };
    const counts = countKernels(
      providers,
      specs,
      running('gpu/ir', 'gpu/ir', 'python3', 'gone/python3')
    );
    expect(Object.fromEntries(counts)).toEqual({
      local: { kernels: 1, running: 1 },
      gpu: { kernels: 2, running: 2 },
      gone: { kernels: 0, running: 1 }
    });
  });

  it('counts running kernels before the catalog is known', () => {
    const counts = countKernels(providers, null, running('gpu/python3'));
    expect(Object.fromEntries(counts)).toEqual({
      gpu: { kernels: 0, running: 1 }
    });
  });
});
