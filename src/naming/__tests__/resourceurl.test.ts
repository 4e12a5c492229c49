import { describe, expect, it } from 'vitest';

import { encodeResourceUrl } from '../resourceurl';

describe('encodeResourceUrl', () => {
  it.each([
    [
      'a name with a raw slash',
      'gpu-farm/python3',
      '/kernelspecs/gpu-farm/python3/logo-64x64.png',
      '/kernelspecs/gpu-farm%2Fpython3/logo-64x64.png'
    ],
    [
      'a base URL',
      'gpu-farm/python3',
      '/user/x/kernelspecs/gpu-farm/python3/logo-svg.svg',
      '/user/x/kernelspecs/gpu-farm%2Fpython3/logo-svg.svg'
    ],
    [
      'a base URL that reads like a resource',
      'gpu-farm/python3',
      '/kernelspecs/gpu-farm/python3/kernelspecs/gpu-farm/python3/logo.png',
      '/kernelspecs/gpu-farm/python3/kernelspecs/gpu-farm%2Fpython3/logo.png'
    ],
    [
      'an absolute URL',
      'gpu-farm/python3',
      'https://host:8888/x/kernelspecs/gpu-farm/python3/logo.png',
      'https://host:8888/x/kernelspecs/gpu-farm%2Fpython3/logo.png'
    ],
    [
      'a query and a fragment',
      'gpu-farm/python3',
      '/kernelspecs/gpu-farm/python3/logo.png?v=1/2#a/b',
      '/kernelspecs/gpu-farm%2Fpython3/logo.png?v=1/2#a/b'
    ],
    [
      'more than one slash',
      'a/b/c',
      '/kernelspecs/a/b/c/logo.png',
      '/kernelspecs/a%2Fb%2Fc/logo.png'
    ],
    [
      'a raw space',
      'gpu/my kernel',
      '/kernelspecs/gpu/my kernel/logo.png',
      '/kernelspecs/gpu%2Fmy%20kernel/logo.png'
    ],
    [
      'a space that is encoded already',
      'gpu/my kernel',
      '/kernelspecs/gpu/my%20kernel/logo.png',
      '/kernelspecs/gpu%2Fmy%20kernel/logo.png'
    ],
    [
      'letters outside ASCII',
      'gpu/größe',
      '/kernelspecs/gpu/größe/logo.png',
      '/kernelspecs/gpu%2Fgr%C3%B6%C3%9Fe/logo.png'
    ],
    [
      'a percent sign',
      'gpu/100%',
      '/kernelspecs/gpu/100%/logo.png',
      '/kernelspecs/gpu%2F100%25/logo.png'
    ],
    [
      'a name that reads like an encoded one',
      'gpu/a%20b',
      '/kernelspecs/gpu/a%20b/logo.png',
      '/kernelspecs/gpu%2Fa%2520b/logo.png'
    ]
  ])('encodes %s', (_what, name, url, expected) => {
    expect(encodeResourceUrl(url, name)).toBe(expected);
    expect(encodeResourceUrl(expected, name)).toBe(expected);
  });

  it.each([
    ['a name without a slash', 'python3', '/kernelspecs/python3/logo.png'],
    ['a local name with a space', 'my py', '/kernelspecs/my py/logo.png'],
    ['an encoded name', 'a/b', '/kernelspecs/a%2Fb/logo.png'],
    ['a name encoded in lower case', 'a/b', '/kernelspecs/a%2fb/logo.png'],
    ['another kernel', 'a/b', '/kernelspecs/a/c/logo.png'],
    ['another route', 'a/b', '/kernel-providers/a/b/logo.png'],
    ['the name deeper in the path', 'a/b', '/kernelspecs/a/b/c/logo.png'],
    ['a short path', 'a/b', 'logo.png'],
    ['an empty URL', 'a/b', ''],
    ['a data URL', 'a/b', 'data:image/png;base64,iVBORw0K/kernelspecs/a/b'],
    ['a name that is not Unicode', 'a/\ud800', '/kernelspecs/a/\ud800/logo.png']
  ])('does not change %s', (_what, name, url) => {
    expect(encodeResourceUrl(url, name)).toBe(url);
  });
});
