import { StateDB } from '@jupyterlab/statedb';
import { describe, expect, it, vi } from 'vitest';

import { CollapsedSections } from '../collapsed';

describe('CollapsedSections', () => {
  it('remembers collapsed and expanded sections', async () => {
    const db = new StateDB();
    const before = new CollapsedSections(db);
    before.set('a', true);
    before.set('b', false);
    await vi.waitFor(async () => {
      expect((await db.list('')).ids).toHaveLength(1);
    });

    const after = new CollapsedSections(db);
    const changed = vi.fn();
    after.changed.connect(changed);
    await vi.waitFor(() => {
      expect(changed).toHaveBeenCalled();
    });
    expect(after.has('a', false)).toBe(true);
    expect(after.has('b', true)).toBe(false);
    expect(after.has('c', true)).toBe(true);
    expect(after.has('c', false)).toBe(false);
  });

  it('prefers what the user does while the saved sections are loaded', async () => {
    const db = new StateDB();
    const key = 'kernel-providers-ext:launcher-collapsed';
    await db.save(key, { a: true, b: true, c: 'nonsense' });
    const sections = new CollapsedSections(db);
    sections.set('a', false);
    await vi.waitFor(() => {
      expect(sections.has('b', false)).toBe(true);
    });
    expect(sections.has('a', true)).toBe(false);
    expect(sections.has('c', false)).toBe(false);
  });

  it('emits at once, even without a state database', () => {
    const sections = new CollapsedSections(null);
    const changed = vi.fn();
    sections.changed.connect(changed);
    sections.set('a', true);
    expect(changed).toHaveBeenCalledOnce();
    expect(sections.has('a', false)).toBe(true);
  });
});
