// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { MockKernelProviders } from '../../__tests__/mockproviders';
import { CARD, FARM, Fixture, LOCAL, python, remote } from './launcherfixture';

let fixture: Fixture;

async function show(...args: Parameters<typeof Fixture.show>): Promise<void> {
  fixture = await Fixture.show(...args);
}

afterEach(() => {
  fixture.launcher.dispose();
  vi.restoreAllMocks();
});

describe('the search of a ProvidersLauncher', () => {
  beforeEach(async () => {
    await show(new MockKernelProviders(LOCAL, FARM), python, remote);
  });

  it('filters while the user types, until Esc', async () => {
    await fixture.type('farm');
    expect(fixture.texts('h2')).toEqual(['farm']);
    expect(fixture.find('[role=status]').textContent).toBe('1 result');
    await fixture.press('input', 'Escape');
    expect(fixture.texts('h2')).toEqual(['Notebook', 'Console', 'farm']);
    expect((fixture.find('input') as HTMLInputElement).value).toBe('');
  });

  it('moves to the first card with the arrow', async () => {
    await fixture.type('farm');
    await fixture.press('input', 'ArrowDown');
    expect(document.activeElement).toBe(fixture.find(CARD));
  });

  it('says that nothing matches, and can be cleared', async () => {
    await fixture.type('cobol');
    expect(fixture.node.textContent).toContain('No kernels match “cobol”.');
    [...fixture.node.querySelectorAll('button')]
      .find(({ textContent }) => textContent === 'Clear Search')
      ?.click();
    await fixture.settle();
    expect(fixture.texts('h2')).toHaveLength(3);
    expect(document.activeElement).toBe(fixture.find('input'));
  });

  it('expands collapsed sections while it lasts', async () => {
    const toggle = '[data-provider="farm"] [aria-expanded]';
    const isOpen = (): boolean =>
      fixture.find(toggle).getAttribute('aria-expanded') === 'true';
    fixture.find(toggle).click();
    await fixture.settle();
    expect(isOpen()).toBe(false);
    await fixture.type('farm');
    expect(isOpen()).toBe(true);
    fixture.find(toggle).click();
    await fixture.settle();
    expect(isOpen()).toBe(false);
    await fixture.type('far');
    expect(isOpen()).toBe(true);
    await fixture.type('');
    expect(isOpen()).toBe(false);
  });
});
