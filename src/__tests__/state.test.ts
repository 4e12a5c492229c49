import { describe, expect, it } from 'vitest';

import { isAvailable, needsAttention, summaryOf } from '../state';
import type { ProviderState } from '../tokens';
import { provider } from './fixtures';

describe('isAvailable and needsAttention', () => {
  it.each<[ProviderState, boolean, boolean]>([
    ['checking', false, false],
    ['online', true, false],
    ['slow', true, false],
    ['offline', false, true],
    ['unauthorised', false, true],
    ['incompatible', false, true],
    ['off', false, false]
  ])('know the state %s', (state, available, attention) => {
    expect(isAvailable({ state })).toBe(available);
    expect(needsAttention({ state })).toBe(attention);
  });
});

describe('summaryOf', () => {
  it('counts neither this server nor providers that are switched off', () => {
    const { affected, total } = summaryOf([
      provider('local'),
      provider('a'),
      provider('b', { state: 'off' }),
      provider('c', { state: 'offline' })
    ]);

    expect(total).toBe(2);
    expect(affected.map(({ id }) => id)).toEqual(['c']);
  });

  it.each<ProviderState>(['online', 'slow', 'checking'])(
    'does not list a provider that is %s',
    state => {
      expect(summaryOf([provider('a', { state })]).affected).toEqual([]);
    }
  );
});
