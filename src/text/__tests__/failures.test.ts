import { readFileSync } from 'node:fs';

import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { failureSentence } from '../failures';
import { provider } from '../../__tests__/specimens';

interface IFailure {
  reason: string;
  detail: string;
  sentence: string;
}

const FAILURES = JSON.parse(
  readFileSync('tests/shared/failures.json', 'utf8')
) as IFailure[];

const trans = nullTranslator.load('');

/** The provider of the table, with the server's words in a language of their own. */
const gpu = (reason: string, detail: string): string =>
  failureSentence(
    provider('gpu', {
      label: 'GPU farm',
      url: 'https://gpu.example.org',
      source: '/etc/gpu.json',
      reason,
      detail,
      sentence: 'As the server says.'
    }),
    trans
  );

describe('failureSentence', () => {
  it.each(FAILURES)('$reason $detail', ({ reason, detail, sentence }) => {
    expect(gpu(reason, detail)).toBe(sentence);
  });

  it("has the server's sentence for a reason of its own", () => {
    expect(gpu('defect', '')).toBe('As the server says.');
  });
});
