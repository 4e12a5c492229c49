import { describe, expect, it } from 'vitest';

import { destination } from '../rovingfocus';
import type { Box } from '../rovingfocus';

const box = (left: number, top: number, width = 100, height = 100): Box => ({
  left,
  top,
  right: left + width,
  bottom: top + height
});

/** A heading, three cards, two cards that are higher, and a wide button. */
const BOXES = [
  box(0, 0, 300, 20),
  ...[0, 110, 220].map(left => box(left, 30)),
  ...[0, 110].map(left => box(left, 140, 100, 150)),
  box(0, 300, 60, 20)
];

describe('destination', () => {
  it.each([
    ['ArrowRight', 1, 2],
    ['ArrowRight', 3, 4],
    ['ArrowRight', 6, 6],
    ['ArrowLeft', 2, 1],
    ['ArrowLeft', 0, 0],
    ['ArrowDown', 0, 2],
    ['ArrowDown', 1, 4],
    ['ArrowDown', 2, 5],
    ['ArrowDown', 3, 5],
    ['ArrowDown', 5, 6],
    ['ArrowDown', 6, 6],
    ['ArrowUp', 6, 4],
    ['ArrowUp', 5, 2],
    ['ArrowUp', 1, 0],
    ['ArrowUp', 0, 0],
    ['Home', 4, 0],
    ['End', 0, 6]
  ])('leads by %s from %d to %d', (key, from, to) => {
    expect(destination(key, BOXES, from)).toBe(to);
  });

  it('leaves other keys, and other elements, alone', () => {
    expect(destination('Enter', BOXES, 1)).toBeNull();
    expect(destination('ArrowDown', BOXES, -1)).toBeNull();
  });
});
