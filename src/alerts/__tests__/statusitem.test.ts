// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IStatusBar } from '@jupyterlab/statusbar';
import { CommandRegistry } from '@lumino/commands';
import { DisposableDelegate } from '@lumino/disposable';
import { Widget } from '@lumino/widgets';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import { MockKernelProviders } from '../../__tests__/mockproviders';
import { DEFAULT_PREFERENCES } from '../../providers/model';
import { COMMAND_IDS, PROBLEMS_COMMAND_ID } from '../../tokens';
import type { IProvider } from '../../tokens';
import { statusItemPlugin } from '../statusitem';

const LOST = provider('a', { state: 'offline', message: 'Cannot reach a.' });
const REFUSED = provider('b', { state: 'unauthorised', message: 'Refused.' });

/** Open a page with our item in the status bar, attached even if it is not active. */
async function open(...remote: IProvider[]) {
  const commands = new CommandRegistry();
  const executed: unknown[] = [];
  commands.addCommand(COMMAND_IDS.details, {
    label: ({ id }) => `Details of ${id === 'a' ? 'a' : 'b'}`,
    execute: ({ id }) => executed.push(id)
  });
  commands.addCommand(PROBLEMS_COMMAND_ID, {
    label: 'Files',
    execute: () => executed.push('problems')
  });
  return { ...(await openWith(commands, ...remote)), executed };
}

/** The same with the commands that are not disabled. */
async function openWith(commands: CommandRegistry, ...remote: IProvider[]) {
  const providers = new MockKernelProviders(provider('local'), ...remote);
  const items: IStatusBar.IItem[] = [];
  const statusBar: IStatusBar = {
    registerStatusItem: (_, item) => {
      items.push(item);
      return new DisposableDelegate(() => undefined);
    }
  };
  await statusItemPlugin.activate(
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
  it('is active only while a provider needs attention', async () => {
    const { providers, isActive } = await open(provider('a'));
    expect(isActive()).toBe(false);

    providers.become(LOST);

    expect(isActive()).toBe(true);
    await vi.waitFor(() => {
      expect(button()?.textContent).toBe('1 of 1 provider offline');
    });
  });

  it('shows a blocked provider, and says why', async () => {
    const blocked = { state: 'blocked', reason: 'websocket' } as const;
    const { isActive } = await open(provider('a', blocked), provider('b'));

    expect(isActive()).toBe(true);
    expect(button()?.textContent).toBe('1 of 2 providers: websocket blocked');
    expect(button()?.title).toContain('websockets are blocked');
  });

  it('is not active if the setting is off', async () => {
    const { providers, isActive } = await open(LOST);

    providers.preferences = { ...DEFAULT_PREFERENCES, statusItem: false };

    expect(isActive()).toBe(false);
  });

  it('has the message of each provider in its tooltip', async () => {
    await open(LOST, REFUSED);

    const lines = button()?.title.split('\n') ?? [];

    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('Cannot reach a.');
    expect(lines[1]).toContain('Refused.');
  });

  it('opens the details of the only provider', async () => {
    const { executed } = await open(provider('b'), LOST);

    button()?.click();

    expect(executed).toEqual(['a']);
  });

  it('opens nothing if the commands are disabled', async () => {
    await openWith(new CommandRegistry(), LOST);

    expect(button()?.getAttribute('aria-haspopup')).toBe('false');
    button()?.click();

    expect(document.querySelector('.lm-Menu')).toBeNull();
  });

  it('counts the files that were left out, and shows them', async () => {
    const { providers, isActive, executed } = await open(provider('a'));
    providers.problems = ['x', 'y'].map(id => ({
      id,
      source: `${id}.json`,
      message: `${id} is bad.`
    }));
    providers.become(provider('a'));
    expect(isActive()).toBe(true);
    await vi.waitFor(() => {
      expect(button()?.textContent).toBe('2 provider files were left out');
    });
    expect(button()?.title).toBe('x is bad.\ny is bad.');
    button()?.click();
    expect(executed).toEqual(['problems']);

    providers.become(LOST);
    await vi.waitFor(() => {
      expect(button()?.textContent).toBe(
        '1 of 1 provider offline · 2 provider files were left out'
      );
    });
    button()?.click();
    await vi.waitFor(() => {
      const labels = [...document.querySelectorAll('.lm-Menu-itemLabel')].map(
        ({ textContent }) => textContent
      );
      expect(labels).toEqual(['Details of a', 'Files']);
    });
  });

  it('opens a menu of several providers', async () => {
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
