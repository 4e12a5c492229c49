import { describe, expect, it } from 'vitest';

import { isAvailable, isWell, needsAttention, summaryOf } from '../state';
import type { ProviderState } from '../tokens';
import { provider } from './fixtures';

describe('isAvailable, needsAttention and isWell', () => {
  it.each<[ProviderState, boolean, boolean, boolean]>([
    ['checking', false, false, false],
    ['online', true, false, true],
    ['slow', true, false, true],
    ['blocked', true, true, false],
    ['offline', false, true, false],
    ['unauthorised', false, true, false],
    ['incompatible', false, true, false],
    ['off', false, false, false]
  ])('know the state %s', (state, available, attention, well) => {
    expect(isAvailable({ state })).toBe(available);
    expect(needsAttention({ state })).toBe(attention);
    expect(isWell({ state })).toBe(well);
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
