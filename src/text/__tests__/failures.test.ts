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

  it("returns the server's message if the reason is unknown", () => {
    expect(gpu('defect', '')).toBe('As the server says.');
  });
});
