import { describe, expect, it } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import { transitions } from '../announcer';

describe('transitions', () => {
  it('returns providers whose state changed, but no new ones', () => {
    const before = new Map([
      ['a', 'online'],
      ['b', 'offline']
    ] as const);
    const now = [
      provider('a', { state: 'offline' }),
      provider('b'),
      provider('c')
    ];
    expect(transitions(before, now).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(transitions(null, now)).toEqual([]);
    expect(transitions(new Map([['b', 'online']]), [provider('b')])).toEqual(
      []
    );
  });
});
