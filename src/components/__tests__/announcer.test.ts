import { describe, expect, it } from 'vitest';

import { transitions } from '../announcer';
import { provider } from '../../__tests__/specimens';

describe('transitions', () => {
  it('tells of states that have changed, and of nothing that is new', () => {
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
