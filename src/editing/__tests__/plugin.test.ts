// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, Notification } from '@jupyterlab/apputils';
import { ServerConnection } from '@jupyterlab/services';
import type { Kernel } from '@jupyterlab/services';
import { CommandRegistry } from '@lumino/commands';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import { MockKernelProviders, specsOf } from '../../__tests__/mockproviders';
import { ADD_COMMAND_ID, COMMAND_IDS } from '../../tokens';
import { editingPlugin } from '../plugin';

const { edit, replaceToken, enable, disable, remove } = COMMAND_IDS;

/** A server's answer to a request, and what the request was. */
interface IRequest {
  readonly path: string;
  readonly method: string;
  readonly body: unknown;
}

/** Commands of an application with `mine`, `theirs`, `old`, and the problem `broken`. */
function scene() {
  const providers = new MockKernelProviders(
    provider('local'),
    provider('mine', { label: 'Mine', may: ['change', 'disable', 'remove'] }),
    provider('theirs', { may: ['disable'] }),
    provider('old', { state: 'off', may: ['change', 'enable', 'remove'] })
  );
  providers.problems = [
    { id: 'broken', source: 'b.json', message: 'x', may: ['remove'] }
  ];
  const kernels: Kernel.IModel[] = [];
  const requests: IRequest[] = [];
  const refusals = new Map<string, object>();
  vi.spyOn(ServerConnection, 'makeRequest').mockImplementation(
    (url, { method = 'GET', body }) => {
      const path = new URL(url).pathname.replace(/^.*kernel-providers/, '');
      requests.push({
        path,
        method,
        body: body === undefined ? undefined : JSON.parse(body as string)
      });
      const refusal = refusals.get(method);
      return Promise.resolve(
        refusal === undefined
          ? new Response(method === 'DELETE' ? null : '{"settings": {}}', {
              status: method === 'DELETE' ? 204 : 200
            })
          : new Response(JSON.stringify(refusal), { status: 409 })
      );
    }
  );
  const commands = new CommandRegistry();
  const app = {
    commands,
    serviceManager: {
      serverSettings: { baseUrl: 'http://lab.example/' },
      kernels: { running: () => kernels.values() },
      kernelspecs: {
        specs: specsOf('python3', 'mine/python3'),
        refreshSpecs: () => Promise.resolve()
      }
    }
  } as unknown as JupyterFrontEnd;
  void editingPlugin.activate(app, providers, null, null);
  return { commands, kernels, providers, refusals, requests };
}

let app: ReturnType<typeof scene>;

beforeEach(() => {
  app = scene();
});

afterEach(() => {
  Dialog.flush();
  Notification.dismiss();
  document.body.textContent = '';
  vi.restoreAllMocks();
});

function notification() {
  const [found] = Notification.manager.notifications;
  return found;
}

/** Wait for a dialog, and press its button with a label. */
async function press(label: string): Promise<void> {
  await vi.waitFor(() => {
    const button = [
      ...document.querySelectorAll<HTMLElement>('.jp-Dialog button')
    ].find(({ textContent }) => textContent === label);
    expect(button).toBeDefined();
    button?.click();
  });
}

describe('the commands', () => {
  it.each([
    ['local', []],
    ['mine', [edit, replaceToken, disable, remove]],
    ['theirs', [disable]],
    ['old', [edit, replaceToken, enable, remove]],
    ['broken', [remove]],
    ['nowhere', []]
  ])('are there for what the user may do with %s', (id, expected) => {
    const all = [edit, replaceToken, enable, disable, remove];
    for (const check of ['isVisible', 'isEnabled'] as const) {
      const possible = all.filter(command =>
        app.commands[check](command, { id })
      );
      expect(possible).toEqual(expected);
    }
  });

  it('name the provider in the palette', () => {
    const args = { id: 'mine', isPalette: true };
    expect(app.commands.label(edit, args)).toBe('Edit Mine…');
    expect(app.commands.label(edit, { id: 'mine' })).toBe('Edit…');
    const words = app.commands.label(ADD_COMMAND_ID, { isPalette: true });
    for (const word of ['Gateway', 'Remote', 'Server', 'SSH']) {
      expect(words).toContain(word);
    }
  });

  it('do not add a provider for users who may not', () => {
    expect(app.commands.isVisible(ADD_COMMAND_ID)).toBe(true);
    app.providers.mayAdd = false;
    expect(app.commands.isVisible(ADD_COMMAND_ID)).toBe(false);
    expect(app.commands.isEnabled(ADD_COMMAND_ID)).toBe(false);
  });
});

describe('a provider that goes away', () => {
  it('is removed at once if nothing runs there, and restored', async () => {
    await app.commands.execute(remove, { id: 'mine' });
    expect(app.requests).toEqual([
      { path: '/mine', method: 'DELETE', body: undefined }
    ]);
    expect(notification()?.message).toBe('Mine was removed.');
    notification()?.options.actions?.[0]?.callback(new MouseEvent('click'));
    await vi.waitFor(() => {
      expect(app.requests[1]).toMatchObject({
        path: '/mine/restore',
        method: 'POST'
      });
    });
  });

  it('is removed after a question if kernels run there', async () => {
    app.kernels.push({ id: '1', name: 'mine/python3' });
    const removing = app.commands.execute(remove, { id: 'mine' });
    await press('Cancel');
    await removing;
    expect(app.requests).toEqual([]);
    const again = app.commands.execute(remove, { id: 'mine' });
    await press('Remove');
    await again;
    expect(app.requests).toHaveLength(1);
    expect(notification()?.message).toBe(
      'Mine was removed. 1 kernel keeps running there.'
    );
  });

  it('is switched off and on', async () => {
    await app.commands.execute(disable, { id: 'theirs' });
    expect(notification()?.message).toBe('theirs is off.');
    notification()?.options.actions?.[0]?.callback(new MouseEvent('click'));
    await app.commands.execute(enable, { id: 'old' });
    await vi.waitFor(() => {
      expect(app.requests.map(({ path, body }) => [path, body])).toEqual([
        ['/theirs', { enabled: false }],
        ['/theirs', { enabled: true }],
        ['/old', { enabled: true }]
      ]);
    });
  });

  it('stays if the server refuses, and the user is told why', async () => {
    app.refusals.set('DELETE', { message: 'It has changed.', reason: 'stale' });
    const removing = app.commands.execute(remove, { id: 'mine' });
    await vi.waitFor(() => {
      expect(document.body.textContent).toContain('It has changed.');
    });
    await press('Close');
    await removing;
    expect(notification()).toBeUndefined();
  });
});

describe('a token', () => {
  it('is replaced, and the provider is asked again', async () => {
    const replacing = app.commands.execute(replaceToken, { id: 'mine' });
    await vi.waitFor(() => {
      const input = document.querySelector<HTMLInputElement>(
        '.jp-Dialog input[type=password]'
      );
      expect(input).not.toBeNull();
      (input as HTMLInputElement).value = 'new';
    });
    await press('Replace');
    await replacing;
    expect(app.requests.at(-1)).toMatchObject({
      path: '/mine',
      method: 'PUT',
      body: { settings: { token: { value: 'new' } } }
    });
    expect(app.providers.retried).toEqual(['mine']);
  });
});
