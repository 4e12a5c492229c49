import { describe, expect, it } from 'vitest';

import { remoteSpec, spec } from '../../__tests__/fixtures';
import { displayName } from '../displayname';
import { shortName } from '../shorten';

describe('shortName', () => {
  const long = 'Python 3.12 with CUDA and PyTorch';
  const shorten = (placement: string, label: string, more = ''): string => {
    const name = displayName(placement, long, label) + more;
    const remote = remoteSpec('gpu', label, long);
    return shortName({ ...remote, display_name: name }, 15);
  };

  it.each([
    ['suffix', 'GPU farm', '', 'Python…PyTorch (GPU farm)'],
    ['prefix', 'GPU farm', '', 'GPU farm: Python…PyTorch'],
    ['none', 'GPU farm', '', 'Python…PyTorch'],
    ['suffix', 'GPU', ' [gpu/py]', 'Python…PyTorch (GPU) [gpu/py]'],
    ['prefix', `All ${long}`, '', `All ${long}: Python…PyTorch`],
    ['suffix', `All ${long}`, '', `Python…PyTorch (All ${long})`],
    ['prefix', 'PyTorch', '', 'PyTorch: Python…PyTorch'],
    ['{{{kernel}}} {provider}', 'GPU', '', '{Python…PyTorch} GPU']
  ])(
    'shortens only the kernel by %j in %j',
    (placement, label, more, shown) => {
      expect(shorten(placement, label, more)).toBe(shown);
    }
  );

  it('keeps a short name', () => {
    const remote = remoteSpec('gpu', 'A farm with a long name', 'Python 3');
    expect(shortName(remote, 8)).toBe(remote.display_name);
  });

  it('keeps a local name, however long', () => {
    expect(shortName(spec('python3', long), 8)).toBe(long);
  });

  it('does not split a character', () => {
    const remote = remoteSpec('gpu', 'GPU', '🐍🐍🐍🐍🐍🐍');
    expect(shortName(remote, 4)).toBe('🐍🐍…🐍 (GPU)');
  });
});
