import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { hostIn, serverAddress } from '../address';

const SHARED = JSON.parse(
  readFileSync('tests/shared/addresses.json', 'utf8')
) as [string, string, string][];

test.each(SHARED)('the server is found in %j', (copied, url, token) => {
  expect(serverAddress(copied)).toEqual({ url, token });
});

test.each([
  ['http://GPU.example.org:8888/user/ada', 'gpu.example.org:8888'],
  ['https://gpu.example.org', 'gpu.example.org'],
  ['gpu', '']
])('the host in %j', (url, host) => {
  expect(hostIn(url)).toBe(host);
});
