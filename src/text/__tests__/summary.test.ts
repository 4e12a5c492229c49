import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { lastingSentence, summaryOf, summaryText } from '../summary';
import type { ProviderState } from '../../tokens';
import { provider } from '../../__tests__/specimens';

const trans = nullTranslator.load('');

/** The text for this server and remote providers in some states. */
function textOf(...states: ProviderState[]): string {
  const remote = states.map((state, index) =>
    provider(`p${String(index)}`, { state })
  );
  return summaryText(summaryOf([provider('local'), ...remote]), trans);
}

describe('summaryOf', () => {
  it('counts neither this server nor what is switched off', () => {
    const { unwell, total } = summaryOf([
      provider('local'),
      provider('a'),
      provider('b', { state: 'off' }),
      provider('c', { state: 'offline' })
    ]);

    expect(total).toBe(2);
    expect(unwell.map(({ id }) => id)).toEqual(['c']);
  });

  it.each<ProviderState>(['online', 'slow', 'checking'])(
    'finds nothing wrong with a provider that is %s',
    state => {
      expect(summaryOf([provider('a', { state })]).unwell).toEqual([]);
    }
  );
});

describe('summaryText', () => {
  it('says how many are offline', () => {
    expect(textOf('online', 'offline', 'slow')).toBe(
      '1 of 3 providers offline'
    );
    expect(textOf('offline')).toBe('1 of 1 provider offline');
  });

  it('does not call offline what answers', () => {
    expect(textOf('unauthorised', 'offline', 'online')).toBe(
      '2 of 3 providers cannot be used'
    );
    expect(textOf('incompatible')).toBe('1 of 1 provider cannot be used');
  });
});

describe('lastingSentence', () => {
  it('does not tell when the provider is asked again', () => {
    const now = new Date('2026-05-04T10:00:00');
    const gpu = provider('gpu', {
      state: 'offline',
      sentence: 'Cannot reach gpu.',
      retryAt: new Date(now.getTime() + 30_000)
    });

    const sentence = lastingSentence(gpu, trans, now);

    expect(sentence).toContain('Cannot reach gpu.');
    expect(sentence).not.toContain('Trying again');
  });
});
