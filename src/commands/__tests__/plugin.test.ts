// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard, Dialog } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import { DEFAULT_PREFERENCES } from '../../providers/model';
import { COMMAND_IDS, PROBLEMS_COMMAND_ID } from '../../tokens';
import type { IProblem } from '../../tokens';
import { commandsPlugin } from '../plugin';

const { retry, details, shutDownAll } = COMMAND_IDS;

/** An application with this server, `gpu` with two kernels, and `old`, which is off. */
function scene() {
  const known = [
    provider('local'),
    provider('gpu', { label: 'GPU farm' }),
    provider('hub', {
      state: 'blocked',
      reason: 'websocket',
      detail: '400',
      warnings: ['Its certificate is not checked.', 'Its list was cut.']
    }),
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
    problems: [] as IProblem[],
    template: '',
    files: {} as Record<string, string>,
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
  return { commands, kernels, known, providers, shutdown };
}

let app: ReturnType<typeof scene>;

beforeEach(() => {
  app = scene();
});

afterEach(() => {
  Dialog.flush();
});

/** Wait for a dialog that contains these texts in this order. */
async function dialog(...parts: string[]): Promise<void> {
  await vi.waitFor(() => {
    const text = document.querySelector('.jp-Dialog')?.textContent ?? '';
    const positions = parts.map(part => text.indexOf(part));
    expect(positions).not.toContain(-1);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
  });
}

function press(button: string): void {
  document.querySelector<HTMLElement>(`.jp-Dialog-footer ${button}`)?.click();
}

describe('retry', () => {
  it.each([
    ['gpu', true],
    ['local', false],
    ['old', false],
    ['unknown', false],
    [undefined, false]
  ])('is enabled for %s: %s', (id, isEnabled) => {
    const args = id === undefined ? {} : { id };
    expect(app.commands.isEnabled(retry, args)).toBe(isEnabled);
  });

  it('names the provider in the palette', () => {
    const { commands } = app;
    expect(commands.label(retry, { id: 'gpu' })).toBe('Retry');
    expect(commands.label(retry, { id: 'gpu', isPalette: true })).toBe(
      'Retry GPU farm'
    );
    expect(commands.caption(retry, { id: 'gpu' })).toBe('Retry GPU farm now');
  });

  it('makes the server ask the provider', async () => {
    await app.commands.execute(retry, { id: 'gpu' });
    expect(app.providers.retry).toHaveBeenCalledWith('gpu');
  });

  it('shows an error if this server cannot be reached', async () => {
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
  ])('is enabled for %s: %s', (id, isEnabled) => {
    expect(app.commands.isEnabled(details, { id })).toBe(isEnabled);
  });

  it('shows all facts', async () => {
    const done = app.commands.execute(details, { id: 'gpu' });
    await dialog('GPU farm', 'Online', '2 running', 'https://gpu.example/');
    press('button');
    await done;
  });
});

describe('details that are open', () => {
  const button = (label: string): HTMLButtonElement | undefined =>
    [...document.querySelectorAll<HTMLButtonElement>('.jp-Dialog button')].find(
      ({ textContent }) => textContent === label
    );

  it('follow changes, and offer another attempt', async () => {
    const done = app.commands.execute(details, { id: 'gpu' });
    await dialog('GPU farm', 'Online', '42 ms');
    button('Refresh')?.click();
    expect(app.providers.retry).toHaveBeenCalledWith('gpu');
    app.known[1] = provider('gpu', {
      label: 'GPU farm',
      state: 'offline',
      message: 'It is away.'
    });
    app.providers.changed.emit();
    await dialog('Offline', 'It is away.', '2 (as of');
    await vi.waitFor(() => {
      expect(button('Retry')).toBeDefined();
    });
    press('button');
    await done;
  });

  it('can be copied, with all facts and no markup', async () => {
    const copied: string[] = [];
    const copy = vi
      .spyOn(Clipboard, 'copyToSystem')
      .mockImplementation(data => copied.push(data as string));
    const done = app.commands.execute(details, { id: 'hub' });
    await dialog('Websocket blocked');
    button('Copy')?.click();
    expect(copied[0]?.split('\n')).toEqual(
      expect.arrayContaining([
        'hub: Websocket blocked',
        'Its certificate is not checked.',
        'Address: https://hub.example/'
      ])
    );
    copy.mockRestore();
    press('button');
    await done;
  });

  it('open the file of a provider, if the file browser can', async () => {
    const opened: unknown[] = [];
    app.commands.addCommand('docmanager:open', {
      execute: args => opened.push(args['path'])
    });
    void app.commands.execute(details, { id: 'hub' });
    await dialog('Websocket blocked');
    expect(button('Open file')).toBeUndefined();
    press('button');

    app.providers.files = { '/etc/jupyter/gpu.json': 'config/gpu.json' };
    const done = app.commands.execute(details, { id: 'gpu' });
    await dialog('GPU farm');
    button('Open file')?.click();
    await done;
    expect(opened).toEqual(['config/gpu.json']);
  });

  it('offer no attempt if there can be none', async () => {
    const done = app.commands.execute(details, { id: 'local' });
    await dialog('This server');
    expect(button('Refresh')).toBeUndefined();
    press('button');
    await done;
  });
});

describe('details of a provider with trouble', () => {
  it('has what is wrong, then the warnings', async () => {
    const done = app.commands.execute(details, { id: 'hub' });
    await dialog(
      'Websocket blocked',
      'websockets are blocked',
      'Its certificate is not checked.',
      'Its list was cut.',
      'https://hub.example/'
    );
    const items = document.querySelectorAll('[aria-label=Warnings] li');
    expect(items).toHaveLength(2);
    press('button');
    await done;
  });
});

describe('the files that were left out', () => {
  it('are shown with what is wrong, if there are any', async () => {
    expect(app.commands.isVisible(PROBLEMS_COMMAND_ID)).toBe(false);
    app.providers.problems.push({
      id: 'x',
      source: '/etc/jupyter/kernel_providers.d/x.json',
      message: '/etc/jupyter/kernel_providers.d/x.json: it is bad.'
    });
    expect(app.commands.isVisible(PROBLEMS_COMMAND_ID)).toBe(true);
    const done = app.commands.execute(PROBLEMS_COMMAND_ID);
    await dialog(
      '1 provider file was left out',
      '…/kernel_providers.d/x.json: it is bad.'
    );
    press('button');
    await done;
  });

  it('lets the user mend what is their own', async () => {
    const edited: unknown[] = [];
    app.commands.addCommand(COMMAND_IDS.edit, {
      label: args => (args['isPalette'] === true ? 'Edit x…' : 'Edit…'),
      isEnabled: ({ id }) => id === 'x',
      execute: ({ id }) => edited.push(id)
    });
    app.providers.problems.push(
      { id: 'x', source: 'x.json', message: 'x.json: it is bad.' },
      { id: 'theirs', source: 't.json', message: 't.json: it is bad.' }
    );
    const done = app.commands.execute(PROBLEMS_COMMAND_ID);
    await vi.waitFor(() => {
      const buttons = document.querySelectorAll<HTMLElement>('li button');
      expect([...buttons].map(it => it.getAttribute('aria-label'))).toEqual([
        'Edit x…'
      ]);
      buttons[0]?.click();
    });
    await done;
    expect(edited).toEqual(['x']);
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
  ])('is enabled for %s: %s', (id, isEnabled) => {
    expect(app.commands.isEnabled(shutDownAll, { id })).toBe(isEnabled);
  });

  it('asks first, and shuts down only kernels of the provider', async () => {
    const done = app.commands.execute(shutDownAll, { id: 'gpu' });
    await dialog('Shut down 2 kernels on GPU farm?');
    expect(app.shutdown).not.toHaveBeenCalled();
    press('.jp-mod-warn');
    await done;
    expect(app.shutdown.mock.calls).toEqual([['a'], ['c']]);
  });

  it('shuts nothing down if the user cancels', async () => {
    const done = app.commands.execute(shutDownAll, { id: 'gpu' });
    await dialog('Shut down 2 kernels');
    press('.jp-mod-reject');
    await done;
    expect(app.shutdown).not.toHaveBeenCalled();
  });

  it('does not ask if the setting is off', async () => {
    app.providers.preferences = {
      ...DEFAULT_PREFERENCES,
      confirmShutdown: false
    };
    await app.commands.execute(shutDownAll, { id: 'gpu' });
    expect(app.shutdown).toHaveBeenCalledTimes(2);
  });

  it('shuts down the others, and shows an error, if one cannot be shut down', async () => {
    app.providers.preferences = {
      ...DEFAULT_PREFERENCES,
      confirmShutdown: false
    };
    app.shutdown.mockRejectedValueOnce(new Error('GPU farm is away.'));
    const done = app.commands.execute(shutDownAll, { id: 'gpu' });
    await dialog(
      'Could not shut down 1 kernel on GPU farm',
      'GPU farm is away.'
    );
    press('button');
    await done;
    expect(app.shutdown.mock.calls).toEqual([['a'], ['c']]);
  });
});
