// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { ISessionContext, SessionContext } from '@jupyterlab/apputils';
import { PromiseDelegate } from '@lumino/coreutils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { provider, withKernelPhase } from '../../__tests__/fixtures';
import { MockKernelProviders, specsOf } from '../../__tests__/mockproviders';
import { MockServer } from '../../__tests__/mockserver';
import { KernelGuard } from '../guard';
import { startIn } from '../reason';
import type { Start } from '../reason';

const LOCAL = provider('local');
const ONLINE = provider('gpu');
const OFFLINE = provider('gpu', { state: 'offline' });
const BLOCKED = provider('gpu', { state: 'blocked', reason: 'websocket' });

/** What the user does in the kernel picker; nothing at first. */
type Choice = (context: ISessionContext) => Promise<unknown>;

/** Make a guarded notebook on a server with a local and a remote kernel. */
function open(
  gpu = OFFLINE,
  preference: ISessionContext.IKernelPreference = { name: 'gpu/python3' },
  specs = specsOf('python3', 'gpu/python3')
) {
  const server = new MockServer(specs);
  const providers = new MockKernelProviders(LOCAL, gpu);
  const context = server.session({ language: 'python', ...preference });
  const dialog: { choice: Choice; seen: (string | undefined)[] } = {
    choice: () => Promise.resolve(),
    seen: []
  };
  const ended: string[] = [];
  const guard = new KernelGuard({
    context,
    providers,
    dialogs: {
      selectKernel: async chosen => {
        dialog.seen.push(chosen.kernelPreference.name);
        await dialog.choice(chosen);
      },
      restart: () => Promise.resolve(true)
    },
    kernels: {
      shutdown: id => {
        ended.push(id);
        return Promise.resolve();
      }
    },
    language: () => 'python'
  });
  return { ended, server, providers, context, dialog, guard };
}

/** Return the start that the bar shows. */
function shownBy(guard: KernelGuard): Start {
  const start = startIn(guard.unavailability);
  if (start === null) {
    throw new Error('The bar shows no start.');
  }
  return start;
}

/** Initialise the session, as JupyterLab does after reading a notebook, and wait. */
async function populate(context: SessionContext): Promise<boolean> {
  await settle();
  const needsSelection = await context.initialize();
  await settle();
  return needsSelection;
}

/** Wait until a kernel is started or reconnected. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(2000);
}

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a notebook whose kernel ended', () => {
  it('says so until it has another one, which the user can start', async () => {
    const { context, server, guard } = open(ONLINE);
    await populate(context);
    guard.end('gpu/python3', 3);
    await context.shutdown();
    await settle();
    expect(guard.unavailability).toMatchObject({ kind: 'ended', cells: 3 });
    expect(guard.similar).toBeNull();

    await guard.startAgain();
    await settle();
    expect(server.started).toEqual(['gpu/python3', 'gpu/python3']);
    expect(guard.unavailability).toBeNull();
  });

  it('starts the kernel that it had, whatever the notebook was opened with', async () => {
    const { context, server, guard } = open(ONLINE, { name: 'python3' });
    await populate(context);
    guard.end('gpu/python3', 0);
    await context.shutdown();
    await guard.startAgain();
    await settle();
    expect(server.started.at(-1)).toBe('gpu/python3');
  });

  it('says that its provider is not available instead, while that lasts', async () => {
    const { context, providers, guard } = open(ONLINE);
    await populate(context);
    guard.end('gpu/python3', 0);
    await context.shutdown();
    providers.become(LOCAL, OFFLINE);
    expect(guard.unavailability).toMatchObject({ kind: 'unavailable' });
    providers.become(LOCAL, ONLINE);
    expect(guard.unavailability).toMatchObject({ kind: 'ended' });
  });
});

describe('a notebook whose provider is offline', () => {
  it('starts nothing, and opens no dialog', async () => {
    const { server, context, guard } = open();

    expect(await populate(context)).toBe(false);

    expect(server.started).toEqual([]);
    expect(guard.unavailability).toMatchObject({ kind: 'unavailable' });
    expect(guard.similar).toBe('python3');
  });

  it('starts nothing if its kernel is known only after it was read', async () => {
    const { server, context } = open(OFFLINE, {});

    await settle();
    context.kernelPreference = {
      ...context.kernelPreference,
      name: 'gpu/python3'
    };
    await populate(context);

    expect(server.started).toEqual([]);
  });

  it('starts nothing when a cell is run, with any setting', async () => {
    const { server, context, guard } = open(OFFLINE, {
      name: 'tpu/python3',
      autoStartDefault: true
    });

    await populate(context);
    const needsSelection = await context.startKernel();

    expect(guard.unavailability).toMatchObject({ kind: 'unknown' });
    expect(needsSelection).toBe(true);
    expect(server.started).toEqual([]);
  });

  it('starts its own kernel once when the provider is available', async () => {
    const { server, providers, context, guard } = open();
    await populate(context);

    providers.become(LOCAL, ONLINE);
    providers.become(LOCAL, ONLINE);
    await settle();

    expect(guard.unavailability).toBeNull();
    expect(server.started).toEqual(['gpu/python3']);
  });

  it('starts it once if the provider is available before it was read', async () => {
    const { server, providers, context } = open();
    await settle();

    providers.become(LOCAL, ONLINE);
    await context.initialize();
    await settle();

    expect(server.started).toEqual(['gpu/python3']);
  });

  it('starts nothing then if it should start nothing', async () => {
    const { server, providers, context } = open(OFFLINE, {
      name: 'gpu/python3',
      shouldStart: false,
      autoStartDefault: true
    });
    await populate(context);

    providers.become(LOCAL, ONLINE);
    await settle();

    expect(server.started).toEqual([]);
    expect(context.kernelPreference.shouldStart).toBe(false);
  });

  it('gets its preferences back', async () => {
    const { providers, context } = open(OFFLINE, {
      name: 'gpu/python3',
      autoStartDefault: true
    });
    const before = { ...context.kernelPreference, shouldStart: true };
    await populate(context);

    providers.become(LOCAL, ONLINE);
    await settle();

    expect(context.kernelPreference).toEqual({
      ...before,
      autoStartDefault: true
    });
  });

  it('can connect to a running kernel', async () => {
    const { server, context } = open(OFFLINE, {
      id: 'some-id',
      name: 'gpu/python3'
    });

    await populate(context);

    expect(server.started).toEqual(['some-id']);
  });
});

describe('a notebook before the server lists its kernels', () => {
  it('waits for the kernelspecs, and then starts its kernel', async () => {
    const { server, context, guard } = open(ONLINE);
    const { specs } = server;
    server.specs = null;
    server.specsChanged.emit();
    await populate(context);
    expect(guard.unavailability).toEqual({ kind: 'waiting' });
    expect(guard.similar).toBeNull();
    expect(server.started).toEqual([]);

    server.specs = specs;
    server.specsChanged.emit();
    await settle();

    expect(server.started).toEqual(['gpu/python3']);
  });

  it('refreshes the kernelspecs if the provider should have the kernel', async () => {
    const { server, providers, context, guard } = open(
      ONLINE,
      { name: 'gpu/python3' },
      specsOf('python3')
    );
    await populate(context);
    expect(guard.unavailability).toMatchObject({ kind: 'gone' });
    providers.changed.emit();
    expect(server.refreshed).toBe(1);
    expect(server.started).toEqual([]);

    server.specs = specsOf('python3', 'gpu/python3');
    server.specsChanged.emit();
    await settle();

    expect(guard.unavailability).toBeNull();
    expect(server.started).toEqual(['gpu/python3']);
  });
});

describe('a notebook on this server', () => {
  it('starts its kernel as usual', async () => {
    const { server, context, guard } = open(OFFLINE, { name: 'python3' });

    await populate(context);

    expect(server.started).toEqual(['python3']);
    expect(guard.unavailability).toBeNull();
  });

  it('starts no other kernel in the place of one that is missing', async () => {
    const { server, context, dialog, guard } = open(
      ONLINE,
      { name: 'conda' },
      specsOf('gpu/python3')
    );

    await populate(context);
    expect(server.started).toEqual([]);
    expect(guard.unavailability).toMatchObject({
      kind: 'gone',
      provider: { id: 'local' },
      kernel: 'conda'
    });

    dialog.choice = chosen => chosen.changeKernel({ name: 'gpu/python3' });
    await guard.choose();
    await settle();
    expect(guard.unavailability).toBeNull();
    expect(context.kernelPreference.name).toBe('gpu/python3');
  });

  it('starts the missing kernel when it is there', async () => {
    const { server, context } = open(
      ONLINE,
      { name: 'conda' },
      specsOf('gpu/python3')
    );
    await populate(context);
    server.specs = specsOf('conda', 'gpu/python3');
    server.specsChanged.emit();
    await settle();
    expect(server.started).toEqual(['conda']);
  });

  it('lets JupyterLab choose if there are no other providers', async () => {
    const { server, providers, context } = open(
      OFFLINE,
      { name: 'conda' },
      specsOf('python3')
    );
    providers.become(LOCAL);

    await populate(context);

    expect(server.started).toEqual(['python3']);
  });
});

describe('a notebook that switches to a kernel that starts slowly', () => {
  it('keeps its kernel until then, or for good if the user cancels', async () => {
    const { context, ended, guard, providers } = open(ONLINE);
    await populate(context);
    const changed = vi
      .spyOn(context, 'changeKernel')
      .mockImplementation(() => Promise.resolve(null));
    const phase = {
      kernelId: 'new',
      kernelName: 'gpu/python3',
      phase: 'starting',
      since: new Date(),
      sessionId: context.session?.id ?? ''
    } as const;
    providers.become(LOCAL, { ...ONLINE, kernelPhases: [phase] });
    expect(guard.unavailability).toMatchObject({ kind: 'switching' });

    const shown = shownBy(guard);
    await guard.cancel(shown);
    expect(ended).toEqual(['new']);
    // Lab shows the name of the kept kernel again.
    const { id, name } = context.session?.kernel ?? {};
    expect(changed).toHaveBeenCalledWith({ id, name });
    providers.become(LOCAL, ONLINE);
    expect(guard.unavailability).toBeNull();

    // The bar shows it for a moment longer.
    await guard.cancel(shown);
    expect(ended).toEqual(['new']);
    expect(guard.hasKernel).toBe(true);
  });
});

describe('selecting a kernel', () => {
  it('preselects the similar kernel, and keeps its own if the user cancels', async () => {
    const { server, context, dialog, guard } = open();
    await populate(context);

    await guard.choose('python3');
    await settle();

    expect(dialog.seen).toEqual(['python3']);
    expect(server.started).toEqual([]);
    expect(context.kernelPreference.name).toBe('gpu/python3');
    expect(guard.unavailability).toMatchObject({ kind: 'unavailable' });
  });

  it('keeps the checkbox to always start the preferred kernel', async () => {
    const { context, dialog, guard } = open(OFFLINE, {
      name: 'gpu/python3',
      autoStartDefault: true
    });
    await populate(context);
    const seen: unknown[] = [];
    dialog.choice = chosen => {
      seen.push(chosen.kernelPreference.autoStartDefault);
      return Promise.resolve();
    };

    await guard.choose();

    expect(seen).toEqual([true]);
    expect(context.kernelPreference.autoStartDefault).toBeUndefined();
  });

  it('empties the bar, and later starts use the selected kernel', async () => {
    const { server, context, dialog, guard } = open();
    await populate(context);
    dialog.choice = chosen => chosen.changeKernel({ name: 'python3' });

    await guard.choose();
    await settle();

    expect(server.started).toEqual(['python3']);
    expect(guard.unavailability).toBeNull();
    expect(context.kernelPreference).toMatchObject({
      name: 'python3',
      shouldStart: true
    });
  });

  it('is not overridden by a provider that is available in the meantime', async () => {
    const { server, providers, context, dialog, guard } = open();
    await populate(context);
    dialog.choice = async chosen => {
      providers.become(LOCAL, ONLINE);
      await settle();
      await chosen.changeKernel({ name: 'python3' });
    };

    await guard.choose();
    await settle();

    expect(server.started).toEqual(['python3']);
  });

  it('starts its own kernel if the provider is available and the user cancels', async () => {
    const { server, providers, context, dialog, guard } = open();
    await populate(context);
    dialog.choice = () => {
      providers.become(LOCAL, ONLINE);
      return Promise.resolve();
    };

    await guard.choose('python3');
    await settle();

    expect(server.started).toEqual(['gpu/python3']);
  });

  it('may fail, which changes nothing', async () => {
    const { context, dialog, guard } = open();
    await populate(context);
    dialog.choice = () => Promise.reject(new Error('no such kernel'));

    await guard.choose('python3');

    expect(context.kernelPreference.name).toBe('gpu/python3');
    expect(guard.unavailability).toMatchObject({ kind: 'unavailable' });
  });

  it('may happen in any other way, too', async () => {
    const { context, guard } = open();
    await populate(context);

    await context.changeKernel({ name: 'python3' });

    expect(guard.unavailability).toBeNull();
    expect(context.kernelPreference).toMatchObject({
      name: 'python3',
      shouldStart: true
    });
  });
});

describe('selecting no kernel', () => {
  it('empties the bar, and nothing starts when the provider is available', async () => {
    const { server, providers, context, guard } = open();
    await populate(context);

    guard.decline();
    expect(guard.unavailability).toBeNull();
    providers.become(LOCAL, ONLINE);
    await settle();

    expect(server.started).toEqual([]);
    expect(context.kernelPreference.name).toBe('gpu/python3');
  });

  it('does not start another kernel when a cell is run', async () => {
    const { server, context, guard } = open(OFFLINE, {
      name: 'tpu/python3',
      autoStartDefault: true
    });
    await populate(context);

    guard.decline();

    expect(await context.startKernel()).toBe(true);
    expect(server.started).toEqual([]);
  });

  it('lasts until the notebook has a kernel', async () => {
    const { server, providers, context, guard } = open();
    await populate(context);
    guard.decline();

    await context.changeKernel({ name: 'gpu/python3' });
    providers.become(LOCAL, OFFLINE);
    expect(guard.unavailability).toMatchObject({ kind: 'unavailable' });

    expect(server.started).toEqual(['gpu/python3']);
  });
});

describe('a notebook with a running kernel', () => {
  it('keeps it while the provider is unavailable, and reconnects it later', async () => {
    const { server, providers, context, guard } = open(ONLINE);
    await populate(context);
    expect(guard.unavailability).toBeNull();

    server.connectionStatus = 'disconnected';
    providers.become(LOCAL, OFFLINE);
    expect(guard.unavailability).toMatchObject({ kind: 'unavailable' });
    expect(guard.hasKernel).toBe(true);
    expect(guard.similar).toBeNull();
    expect(context.kernelPreference.shouldStart).toBe(true);
    await settle();
    expect(server.reconnected).toBe(0);

    providers.become(LOCAL, ONLINE);
    providers.become(LOCAL, ONLINE);

    expect(guard.unavailability).toBeNull();
    expect(server.started).toEqual(['gpu/python3']);
    await settle();
    expect(server.reconnected).toBe(1);
  });

  it('waits for the provider before it reconnects', async () => {
    const { server, providers, context, guard } = open(ONLINE);
    await populate(context);
    server.connectionStatus = 'connecting';
    providers.become(LOCAL, OFFLINE);

    providers.become(LOCAL, provider('gpu', { state: 'checking' }));
    expect(guard.unavailability).toBeNull();
    await settle();
    expect(server.reconnected).toBe(0);

    providers.become(LOCAL, provider('gpu', { state: 'slow' }));
    await settle();
    expect(server.reconnected).toBe(1);
  });

  it('does not touch a working connection', async () => {
    const { server, providers, context } = open(ONLINE);
    await populate(context);

    providers.become(LOCAL, OFFLINE);
    providers.become(LOCAL, ONLINE);

    await settle();
    expect(server.reconnected).toBe(0);
  });

  it('is not started again after the user shut it down', async () => {
    const { server, providers, context, guard } = open(ONLINE);
    await populate(context);

    await context.shutdown();
    providers.become(LOCAL, OFFLINE);
    expect(guard.unavailability).toMatchObject({ kind: 'unavailable' });
    expect(context.kernelPreference.shouldStart).toBe(false);
    providers.become(LOCAL, ONLINE);
    await settle();

    expect(server.started).toEqual(['gpu/python3']);
    expect(context.kernelPreference.shouldStart).toBe(true);
  });
});

describe('a notebook whose kernel is in a phase', () => {
  const STARTING = withKernelPhase('gpu', 'kernel-1', 'starting');
  const RECONNECTING = withKernelPhase('gpu', 'kernel-1', 'reconnecting');

  /** Make a notebook with a kernel that takes long to start. */
  const openSlow = async () => {
    const scene = open(ONLINE);
    await populate(scene.context);
    scene.server.connectionStatus = 'connecting';
    scene.providers.become(LOCAL, STARTING);
    return scene;
  };

  it('is shown, and the kernel is connected when it has started', async () => {
    const { server, providers, guard } = await openSlow();
    expect(guard.unavailability).toMatchObject({ kind: 'starting' });
    expect(guard.similar).toBeNull();
    await settle();
    expect(server.reconnected).toBe(0);

    providers.become(LOCAL, ONLINE);
    providers.become(LOCAL, ONLINE);

    expect(guard.unavailability).toBeNull();
    await settle();
    expect(server.reconnected).toBe(1);
  });

  it('does nothing if the kernel has ended in the meantime', async () => {
    const { server, providers, context } = await openSlow();

    Object.assign(context.session?.kernel ?? {}, { isDisposed: true });
    providers.become(LOCAL, ONLINE);

    await settle();
    expect(server.reconnected).toBe(0);
  });

  it('shows a reconnection, and leaves it to the server', async () => {
    const { server, providers, context, guard } = open(ONLINE);
    await populate(context);

    providers.become(LOCAL, RECONNECTING);
    expect(guard.unavailability).toMatchObject({ kind: 'reconnecting' });
    providers.become(LOCAL, ONLINE);

    expect(guard.unavailability).toBeNull();
    await settle();
    expect(server.reconnected).toBe(0);
  });

  it('has no kernel and starts none after the start was cancelled', async () => {
    const { server, providers, guard } = await openSlow();

    await guard.cancel(shownBy(guard));
    expect(guard.hasKernel).toBe(false);
    providers.become(LOCAL, OFFLINE);
    expect(guard.unavailability).toBeNull();
    providers.become(LOCAL, ONLINE);
    await settle();

    expect(server.started).toEqual(['gpu/python3']);
    expect(server.reconnected).toBe(0);
  });

  it('does not connect a kernel that is about to be shut down', async () => {
    const { server, providers, guard } = await openSlow();

    const done = new PromiseDelegate<void>();
    server.shutdown = () => done.promise;
    const cancelled = guard.cancel(shownBy(guard));
    await settle();
    providers.become(LOCAL, ONLINE);
    await settle();
    expect(server.reconnected).toBe(0);
    done.resolve();
    await cancelled;
  });

  it('keeps a kernel that has started just before it is cancelled', async () => {
    const { server, providers, guard } = await openSlow();
    const shutdown = vi.spyOn(server, 'shutdown');
    const shown = shownBy(guard);

    providers.become(LOCAL, ONLINE);
    await guard.cancel(shown);

    expect(shutdown).not.toHaveBeenCalled();
    expect(guard.hasKernel).toBe(true);
  });

  it('keeps its kernel if the server cannot be reached to cancel', async () => {
    const { server, guard } = await openSlow();
    server.shutdown = () => Promise.reject(new Error('away'));

    await expect(guard.cancel(shownBy(guard))).rejects.toThrow('away');

    expect(guard.unavailability).toMatchObject({ kind: 'starting' });
  });
});

describe('a notebook whose provider is blocked', () => {
  /** Make a notebook whose kernel was started, but cannot be connected to. */
  const openBlocked = async () => {
    const scene = open(BLOCKED);
    scene.server.connectionStatus = 'connecting';
    await populate(scene.context);
    return scene;
  };

  it('starts its kernel, and says why it cannot be used', async () => {
    const { server, context, guard } = await openBlocked();

    expect(server.started).toEqual(['gpu/python3']);
    expect(context.kernelPreference.shouldStart).toBe(true);
    expect(guard.unavailability).toMatchObject({ kind: 'blocked' });
    expect(guard.hasKernel).toBe(true);
    expect(guard.similar).toBeNull();
  });

  it('starts it once if the provider was offline before', async () => {
    const { server, providers, context, guard } = open();
    server.connectionStatus = 'connecting';
    await populate(context);

    providers.become(LOCAL, BLOCKED);
    providers.become(LOCAL, BLOCKED);
    await settle();

    expect(server.started).toEqual(['gpu/python3']);
    expect(guard.unavailability).toMatchObject({ kind: 'blocked' });
  });

  it('can be used when the kernel is connected', async () => {
    const { server, guard } = await openBlocked();

    server.become('connected');

    expect(guard.unavailability).toBeNull();
  });

  it('keeps a kernel whose connection works', async () => {
    const { server, providers, context, guard } = open(ONLINE);
    await populate(context);

    providers.become(LOCAL, BLOCKED);
    expect(guard.unavailability).toBeNull();
    server.become('connecting');

    expect(guard.unavailability).toMatchObject({ kind: 'blocked' });
  });

  it('connects the kernel when the provider is no longer blocked', async () => {
    const { server, providers, guard } = await openBlocked();
    await settle();
    expect(server.reconnected).toBe(0);

    providers.become(LOCAL, ONLINE);
    expect(guard.unavailability).toBeNull();
    await settle();

    expect(server.reconnected).toBe(1);
  });

  it('keeps trying to connect it, although JupyterLab gives up', async () => {
    const { server, providers } = await openBlocked();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.reconnected).toBe(0);

    server.become('disconnected');
    providers.become(LOCAL, BLOCKED);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(server.reconnected).toBe(1);

    server.become('connecting');
    server.become('disconnected');
    await vi.advanceTimersByTimeAsync(30_000);
    expect(server.reconnected).toBe(2);

    server.become('disconnected');
    server.become('connected');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.reconnected).toBe(2);
  });

  it('connects it when the user retries', async () => {
    const { server, providers, guard } = await openBlocked();
    const refreshed = vi.spyOn(providers, 'refresh');

    await guard.reconnect();

    expect(server.reconnected).toBe(1);
    expect(refreshed).toHaveBeenCalledOnce();
  });

  it('keeps a connection that opens as the user retries', async () => {
    const { server, guard } = await openBlocked();

    server.become('connected');
    await guard.reconnect();

    expect(server.reconnected).toBe(0);
  });

  it('connects it when the user retries the provider anywhere', async () => {
    const { server, providers, guard } = await openBlocked();

    guard.retried('local');
    expect(server.reconnected).toBe(0);
    guard.retried('gpu');
    expect(server.reconnected).toBe(1);

    providers.become(LOCAL, OFFLINE);
    guard.retried('gpu');
    expect(server.reconnected).toBe(1);
  });

  it('lets the user retry again if the connection takes long, or fails', async () => {
    const { context, guard } = await openBlocked();
    const { kernel } = context.session ?? {};

    Object.assign(kernel ?? {}, { reconnect: () => new Promise(() => {}) });
    const retry = guard.reconnect();
    await vi.advanceTimersByTimeAsync(5000);
    await retry;

    Object.assign(kernel ?? {}, {
      reconnect: () => Promise.reject(new Error('refused'))
    });
    await guard.reconnect();
    expect(guard.unavailability).toMatchObject({ kind: 'blocked' });
  });
});

describe('a notebook whose kernel ended at its provider', () => {
  it('is shown, and no other kernel is started', async () => {
    const { server, providers, context, guard } = open(ONLINE);
    await populate(context);

    providers.become(LOCAL, OFFLINE);
    server.end();
    expect(guard.hasKernel).toBe(false);
    expect(guard.similar).toBe('python3');
    providers.become(LOCAL, ONLINE);
    await settle();

    expect(guard.unavailability).toBeNull();
    expect(server.started).toEqual(['gpu/python3']);
    await context.startKernel();
    expect(server.started).toEqual(['gpu/python3', 'gpu/python3']);
  });
});

describe('a notebook that was closed', () => {
  it('starts nothing', async () => {
    const { server, providers, context, guard } = open();
    await populate(context);

    context.dispose();
    providers.become(LOCAL, ONLINE);
    await settle();

    expect(guard.isDisposed).toBe(true);
    expect(server.started).toEqual([]);
  });
});
