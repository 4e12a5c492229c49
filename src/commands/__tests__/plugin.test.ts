// @vitest-environment jsdom
import '../../__tests__/jsdomgaps';

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { commandsPlugin } from '../plugin';
import { DEFAULT_PREFERENCES } from '../../providers/model';
import { COMMAND_IDS } from '../../tokens';
import { provider } from '../../__tests__/specimens';

const { retry, details, shutDownAll } = COMMAND_IDS;

/** An application with this server, `gpu` where two kernels run, and `old`, which is off. */
function scene() {
  const known = [
    provider('local'),
    provider('gpu', { label: 'GPU farm' }),
    provider('old', { state: 'off' })
  ];
  const kernels: Kernel.IModel[] = [
    { id: 'a', name: 'gpu/python3' },
    { id: 'b', name: 'python3' },
    { id: 'c', name: 'gpu/ir' }
  ];
  const providers = {
    ready: Promise.resolve(),
    providers: known,
    problems: [],
    template: '',
    preferences: DEFAULT_PREFERENCES,
    changed: new Signal<object, void>({}),
    get: (id: string) => known.find(provider => provider.id === id),
    idOf: (name: string) => (name.includes('/') ? 'gpu' : 'local'),
    refresh: () => Promise.resolve(),
    retry: vi.fn(() => Promise.resolve())
  };
  const shutdown = vi.fn<(id: string) => Promise<void>>(() =>
    Promise.resolve()
  );
  const commands = new CommandRegistry();
  const labApp = {
    commands,
    serviceManager: {
      kernels: { running: () => kernels.values(), shutdown },
      kernelspecs: { specs: null }
    }
  } as unknown as JupyterFrontEnd;
  void commandsPlugin.activate(labApp, providers, null, null);
  return { commands, kernels, providers, shutdown };
}

let app: ReturnType<typeof scene>;

beforeEach(() => {
  app = scene();
});

afterEach(() => {
  Dialog.flush();
});

/** Wait for a dialog that says some things, in their order. */
async function dialog(...parts: string[]): Promise<void> {
  await vi.waitFor(() => {
    const text = document.querySelector('.jp-Dialog')?.textContent ?? '';
    const places = parts.map(part => text.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });
}

function press(button: string): void {
  document.querySelector<HTMLElement>(`.jp-Dialog ${button}`)?.click();
}

describe('retry', () => {
  it.each([
    ['gpu', true],
    ['local', false],
    ['old', false],
    ['unknown', false],
    [undefined, false]
  ])('can be used for %s: %s', (id, isEnabled) => {
    const args = id === undefined ? {} : { id };
    expect(app.commands.isEnabled(retry, args)).toBe(isEnabled);
  });

  it('names the provider where nothing else does', () => {
    const { commands } = app;
    expect(commands.label(retry, { id: 'gpu' })).toBe('Retry');
    expect(commands.label(retry, { id: 'gpu', isPalette: true })).toBe(
      'Retry GPU farm'
    );
    expect(commands.caption(retry, { id: 'gpu' })).toBe(
      'Ask GPU farm again now'
    );
  });

  it('has the provider asked', async () => {
    await app.commands.execute(retry, { id: 'gpu' });
    expect(app.providers.retry).toHaveBeenCalledWith('gpu');
  });

  it('says that this server cannot be asked', async () => {
    app.providers.retry.mockRejectedValue(new Error('It is away.'));
    const done = app.commands.execute(retry, { id: 'gpu' });
    await dialog('It is away.');
    press('button');
    await done;
  });
});

describe('details', () => {
  it.each([
    ['gpu', true],
    ['local', true],
    ['old', true],
    ['unknown', false]
  ])('can be used for %s: %s', (id, isEnabled) => {
    expect(app.commands.isEnabled(details, { id })).toBe(isEnabled);
  });

  it('tells what is known', async () => {
    const done = app.commands.execute(details, { id: 'gpu' });
    await dialog('GPU farm', 'Online', '2 running', 'https://gpu.example/');
    press('button');
    await done;
  });
});

describe('shut down all', () => {
  it('counts the kernels of the provider', () => {
    const { commands, kernels } = app;
    const label = (): string => commands.label(shutDownAll, { id: 'gpu' });
    expect(label()).toBe('Shut Down 2 Kernels on GPU farm');
    kernels.pop();
    expect(label()).toBe('Shut Down 1 Kernel on GPU farm');
  });

  it.each([
    ['gpu', true],
    ['local', true],
    ['old', false]
  ])('can be used for %s: %s', (id, isEnabled) => {
    expect(app.commands.isEnabled(shutDownAll, { id })).toBe(isEnabled);
  });

  it('asks before, and shuts down only what is on the provider', async () => {
    const done = app.commands.execute(shutDownAll, { id: 'gpu' });
    await dialog('Shut down 2 kernels on GPU farm?');
    expect(app.shutdown).not.toHaveBeenCalled();
    press('.jp-mod-warn');
    await done;
    expect(app.shutdown.mock.calls).toEqual([['a'], ['c']]);
  });

  it('shuts nothing down if the user does not want that', async () => {
    const done = app.commands.execute(shutDownAll, { id: 'gpu' });
    await dialog('Shut down 2 kernels');
    press('.jp-mod-reject');
    await done;
    expect(app.shutdown).not.toHaveBeenCalled();
  });

  it('does not ask users who do not want to be asked', async () => {
    app.providers.preferences = {
      ...DEFAULT_PREFERENCES,
      confirmShutdown: false
    };
    await app.commands.execute(shutDownAll, { id: 'gpu' });
    expect(app.shutdown).toHaveBeenCalledTimes(2);
  });

  it('shuts down the others, and says so, where one cannot be', async () => {
    app.providers.preferences = {
      ...DEFAULT_PREFERENCES,
      confirmShutdown: false
    };
    app.shutdown.mockRejectedValueOnce(new Error('GPU farm is away.'));
    const done = app.commands.execute(shutDownAll, { id: 'gpu' });
    await dialog(
      '1 kernel on GPU farm could not be shut down',
      'GPU farm is away.'
    );
    press('button');
    await done;
    expect(app.shutdown.mock.calls).toEqual([['a'], ['c']]);
  });
});
