import { readFileSync } from 'node:fs';

import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import { failureMessage } from '../failures';

interface IFailure {
  reason: string;
  detail: string;
  message: string;
}

const FAILURES = JSON.parse(
  readFileSync('tests/shared/failures.json', 'utf8')
) as IFailure[];

const trans = nullTranslator.load('');

/** The message for a provider whose message from the server differs from ours. */
const gpu = (reason: string, detail: string): string =>
  failureMessage(
    provider('gpu', {
      label: 'GPU farm',
      url: 'https://gpu.example.org',
      source: '/etc/gpu.json',
      reason,
      detail,
      message: 'As the server says.'
    }),
    trans
  );

describe('failureMessage', () => {
  it.each(FAILURES)('$reason $detail', ({ reason, detail, message }) => {
    expect(gpu(reason, detail)).toBe(message);
  });

  it.each([
    ['unauthorised', ''],
    ['forbidden', 'the quota of 3 kernels is used up'],
    ['no_secret', '/run/token'],
    ['incompatible', 'an HTML page'],
    ['scheme', ''],
    ['a reason of a newer server', '']
  ])("returns the server's message for %s", (reason, detail) => {
    expect(gpu(reason, detail)).toBe('As the server says.');
  });
});
