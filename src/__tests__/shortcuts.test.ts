import { describe, expect, it } from 'vitest';

import { DEFAULT_PREFERENCES } from '../providers/model';
import { shortcutsOf } from '../shortcuts';

const NAMES = Array.from({ length: 13 }, (_, index) => String(index));

describe('shortcutsOf', () => {
  it('has each kernel once, at most six recent ones, and none that is gone', () => {
    const preferences = { ...DEFAULT_PREFERENCES, starred: ['gone', '3', '1'] };
    const recent = ['3', 'gone', '4', '5', '6', '7', '8', '9', '10'];
    expect(shortcutsOf({ recent, preferences }, new Set(NAMES))).toEqual({
      starred: ['3', '1'],
      recent: ['4', '5', '6', '7', '8', '9']
    });
  });

  it('has none if there are few kernels', () => {
    const preferences = { ...DEFAULT_PREFERENCES, starred: ['1'] };
    const few = new Set(NAMES.slice(0, 12));
    expect(shortcutsOf({ recent: ['2'], preferences }, few)).toEqual({
      starred: [],
      recent: []
    });
  });
});
