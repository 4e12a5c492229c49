// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import { afterEach, describe, expect, it, vi } from 'vitest';

import { spec } from '../../__tests__/fixtures';
import { MockKernelProviders } from '../../__tests__/mockproviders';
import { COMMAND_IDS } from '../../tokens';
import {
  CARD,
  DOWN,
  FARM,
  Fixture,
  LOCAL,
  python,
  remote
} from './launcherfixture';

let fixture: Fixture;

async function show(...args: Parameters<typeof Fixture.show>): Promise<void> {
  fixture = await Fixture.show(...args);
}

afterEach(() => {
  fixture.launcher.dispose();
  vi.restoreAllMocks();
});

describe('a ProvidersLauncher with the keyboard', () => {
  const tabStops = (): HTMLElement[] =>
    [...fixture.node.querySelectorAll<HTMLElement>('[role=group] *')].filter(
      ({ tabIndex }) => tabIndex === 0
    );

  it('has one tab stop for each section, which follows the focus', async () => {
    await show(new MockKernelProviders(LOCAL, DOWN), python, remote);
    const farm = fixture.find('[data-provider="farm"]');
    const toggle = fixture.find('[data-provider="farm"] [aria-expanded]');
    expect(tabStops()).toHaveLength(3);
    expect(tabStops()[2]).toBe(toggle);
    toggle.focus();
    await fixture.press('[data-provider="farm"] [aria-expanded]', 'End');
    const card = farm.querySelector('.jp-LauncherCard');
    expect(document.activeElement).toBe(card);
    expect(tabStops()).toHaveLength(3);
    expect(tabStops()[2]).toBe(card);
    await fixture.press('[data-provider="farm"] .jp-LauncherCard', 'Home');
    expect(document.activeElement).toBe(toggle);
  });

  it('stays in the Tab order when what had the focus goes', async () => {
    const providers = new MockKernelProviders(LOCAL, DOWN);
    await show(providers, python, remote);
    fixture.commands.addCommand(COMMAND_IDS.retry, {
      label: 'Retry',
      execute: () => undefined
    });
    providers.become(LOCAL, DOWN);
    await fixture.settle();
    fixture.find(`[data-command="${COMMAND_IDS.retry}"]`).focus();
    fixture.find('input').focus();
    providers.become(LOCAL, FARM);
    await fixture.settle();
    expect(tabStops()).toHaveLength(3);
  });

  it('is as in the stock launcher without other places', async () => {
    const names = Array.from({ length: 14 }, (_, index) => String(index));
    const specs = names.map(name => spec(name, `Python ${name}`));
    await show(new MockKernelProviders(LOCAL), ...specs);
    fixture.find(CARD).focus();
    await fixture.press(CARD, 'p');
    expect(document.activeElement).toBe(fixture.find(CARD));
    await fixture.press(CARD, 'Enter', { ctrlKey: true });
    expect(fixture.executed.mock.calls).toEqual([
      ['notebook', { kernelName: '0', cwd: 'folder' }]
    ]);
    expect(tabStops()).toHaveLength(28);
  });

  it('leaves each card of the stock launcher a tab stop', async () => {
    const r = { ...spec('ir', 'R'), language: 'R' };
    await show(new MockKernelProviders(LOCAL), python, r);
    expect(tabStops()).toHaveLength(4);
  });

  it.each([
    ['a remote kernel', '[data-provider="farm"] .jp-LauncherCard', remote.name],
    ['a local kernel', CARD, python.name]
  ])('opens a console of %s with Ctrl+Enter', async (_, selector, name) => {
    await show(new MockKernelProviders(LOCAL, FARM), python, remote);
    await fixture.press(selector, 'Enter', { ctrlKey: true });
    expect(fixture.executed.mock.calls).toEqual([
      ['console', { kernelPreference: { name }, cwd: 'folder' }]
    ]);
  });

  it.each(['/', 'p'])(
    'goes to the search when the user types %j',
    async key => {
      await show(new MockKernelProviders(LOCAL, FARM), python, remote);
      fixture.find(CARD).focus();
      await fixture.press(CARD, key);
      expect(document.activeElement).toBe(fixture.find('input'));
      expect(fixture.executed).not.toHaveBeenCalled();
    }
  );

  it.each<[string, KeyboardEventInit]>([
    ['Tab', {}],
    ['p', { ctrlKey: true }],
    ['p', { metaKey: true }],
    ['p', { altKey: true }]
  ])('leaves %s %j to JupyterLab', async (key, modifiers) => {
    await show(new MockKernelProviders(LOCAL, FARM), python, remote);
    fixture.find(CARD).focus();
    await fixture.press(CARD, key, modifiers);
    expect(document.activeElement).toBe(fixture.find(CARD));
  });

  it('starts the first match with Enter in the search', async () => {
    await show(new MockKernelProviders(LOCAL, FARM), python, remote);
    await fixture.press('input', 'Enter');
    await fixture.type('cobol');
    await fixture.press('input', 'Enter');
    expect(fixture.executed).not.toHaveBeenCalled();
    await fixture.type('farm');
    await fixture.press('input', 'Enter');
    expect(fixture.executed.mock.calls).toEqual([
      ['notebook', { kernelName: 'farm/python3', cwd: 'folder' }]
    ]);
  });
});
