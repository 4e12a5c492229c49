// @vitest-environment jsdom
import '../../__tests__/jsdomgaps';

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IStatusBar } from '@jupyterlab/statusbar';
import { CommandRegistry } from '@lumino/commands';
import { DisposableDelegate } from '@lumino/disposable';
import { Widget } from '@lumino/widgets';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { DEFAULT_PREFERENCES } from '../../providers/model';
import { statusPlugin } from '../statusitem';
import { COMMAND_IDS } from '../../tokens';
import type { IProvider } from '../../tokens';
import { FakeProviders } from '../../__tests__/fakeproviders';
import { provider } from '../../__tests__/specimens';

const LOST = provider('a', { state: 'offline', sentence: 'Cannot reach a.' });
const REFUSED = provider('b', { state: 'unauthorised', sentence: 'Refused.' });

/** A page whose status bar has our item, attached whether or not it is active. */
async function open(...remote: IProvider[]) {
  const commands = new CommandRegistry();
  const executed: unknown[] = [];
  commands.addCommand(COMMAND_IDS.details, {
    label: ({ id }) => `Details of ${id === 'a' ? 'a' : 'b'}`,
    execute: ({ id }) => executed.push(id)
  });
  return { ...(await openWith(commands, ...remote)), executed };
}

/** The same with the commands that an administrator has left. */
async function openWith(commands: CommandRegistry, ...remote: IProvider[]) {
  const providers = new FakeProviders(provider('local'), ...remote);
  const items: IStatusBar.IItem[] = [];
  const statusBar: IStatusBar = {
    registerStatusItem: (_, item) => {
      items.push(item);
      return new DisposableDelegate(() => undefined);
    }
  };
  await statusPlugin.activate(
    { commands } as unknown as JupyterFrontEnd,
    providers,
    statusBar,
    null
  );
  items.forEach(({ item }) => {
    Widget.attach(item, document.body);
  });
  await vi.waitFor(() => {
    expect(button()).not.toBeNull();
  });
  const isActive = (): boolean => items[0]?.isActive?.() === true;
  return { providers, isActive };
}

function button(): HTMLButtonElement | null {
  return document.querySelector('.kpe-StatusItem button');
}

afterEach(() => {
  document.body.replaceChildren();
});

describe('the status bar item', () => {
  it('is there only while a provider cannot be used', async () => {
    const { providers, isActive } = await open(provider('a'));
    expect(isActive()).toBe(false);

    providers.become(LOST);

    expect(isActive()).toBe(true);
    await vi.waitFor(() => {
      expect(button()?.textContent).toBe('1 of 1 provider offline');
    });
  });

  it('is not there for those who do not want it', async () => {
    const { providers, isActive } = await open(LOST);

    providers.preferences = { ...DEFAULT_PREFERENCES, statusItem: false };

    expect(isActive()).toBe(false);
  });

  it('says why, of each provider', async () => {
    await open(LOST, REFUSED);

    const lines = button()?.title.split('\n') ?? [];

    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('Cannot reach a.');
    expect(lines[1]).toContain('Refused.');
  });

  it('leads to the details of the only one', async () => {
    const { executed } = await open(provider('b'), LOST);

    button()?.click();

    expect(executed).toEqual(['a']);
  });

  it('leads nowhere where the commands are disabled', async () => {
    await openWith(new CommandRegistry(), LOST);

    expect(button()?.getAttribute('aria-haspopup')).toBe('false');
    button()?.click();

    expect(document.querySelector('.lm-Menu')).toBeNull();
  });

  it('has several to choose from', async () => {
    const { executed } = await open(LOST, REFUSED);

    button()?.click();

    await vi.waitFor(() => {
      const labels = [...document.querySelectorAll('.lm-Menu-itemLabel')].map(
        ({ textContent }) => textContent
      );
      expect(labels).toEqual(['Details of a', 'Details of b']);
    });
    expect(executed).toEqual([]);
  });
});
