import { describe, expect, it } from 'vitest';

import { namePartsOf, wholly } from '../parts';

describe('namePartsOf', () => {
  it.each([
    ['Python 3 (gpu-farm)', '', 'Python 3', ' (gpu-farm)'],
    ['gpu-farm: Python 3', 'gpu-farm: ', 'Python 3', ''],
    ['Python 3', '', 'Python 3', ''],
    // The suffix that makes a name unique is never cut off.
    [
      'Python 3 (gpu-farm) [gpu-farm/py]',
      '',
      'Python 3',
      ' (gpu-farm) [gpu-farm/py]'
    ],
    ['On gpu-farm, Python 3!', 'On gpu-farm, ', 'Python 3', '!']
  ])('splits %s', (name, before, kernel, after) => {
    expect(namePartsOf(name, 'Python 3', 'gpu-farm')).toEqual({
      before,
      kernel,
      after
    });
  });

  it("finds a kernel whose name is part of its provider's name", () => {
    expect(namePartsOf('Rivers: R', 'R', 'Rivers').before).toBe('Rivers: ');
    expect(namePartsOf('R (Rivers)', 'R', 'Rivers').after).toBe(' (Rivers)');
  });

  it('finds the provider in a name without the kernel', () => {
    expect(namePartsOf('Old name (gpu-farm)', 'New', 'gpu-farm')).toEqual({
      before: '',
      kernel: 'Old name (',
      after: 'gpu-farm)'
    });
    expect(namePartsOf('gpu-farm: old name', 'New', 'gpu-farm')).toEqual({
      before: 'gpu-farm',
      kernel: ': old name',
      after: ''
    });
  });

  it.each([
    ['Something', 'Python 3', 'gpu-farm'],
    ['Something', '', '']
  ])('does not split %s', (name, kernel, provider) => {
    expect(namePartsOf(name, kernel, provider)).toEqual(wholly(name));
  });
});
