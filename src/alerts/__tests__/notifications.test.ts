// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { CommandRegistry } from '@lumino/commands';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import { MockKernelProviders } from '../../__tests__/mockproviders';
import { DEFAULT_PREFERENCES } from '../../providers/model';
import type { NotifyLevel, ProviderState } from '../../tokens';
import { notificationsPlugin } from '../notifications';

beforeEach(() => {
  vi.useFakeTimers();
  Notification.dismiss();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Open a page with two available providers; returns a function that changes their state. */
async function open(notify: NotifyLevel = 'problems') {
  const providers = new MockKernelProviders(provider('a'), provider('b'));
  return becoming(providers, notify);
}

/** Open a page with these providers. */
async function becoming(providers: MockKernelProviders, notify: NotifyLevel) {
  providers.preferences = { ...DEFAULT_PREFERENCES, notify };
  const app = { commands: new CommandRegistry() };
  await notificationsPlugin.activate(
    app as unknown as JupyterFrontEnd,
    providers,
    null
  );
  await vi.advanceTimersByTimeAsync(0);
  return async (
    seconds: number,
    a: ProviderState,
    b: ProviderState
  ): Promise<string[]> => {
    providers.become(provider('a', { state: a }), provider('b', { state: b }));
    await vi.advanceTimersByTimeAsync(1000 * seconds);
    return Notification.manager.notifications.map(({ message }) => message);
  };
}

it('combines changes at about the same time into one message', async () => {
  const become = await open();

  expect(await become(0.5, 'offline', 'online')).toEqual([]);
  expect(await become(1.5, 'offline', 'offline')).toEqual([
    '2 kernel providers are unavailable: a, b'
  ]);
});

it('reports a provider that fails right after it was added', async () => {
  const providers = new MockKernelProviders(provider('a'));
  const become = await becoming(providers, 'problems');

  expect(await become(0.5, 'online', 'online')).toEqual([]);
  expect(await become(2, 'online', 'blocked')).toHaveLength(1);
});

it('reports a provider although another one is unstable', async () => {
  const become = await open();

  let messages: string[] = [];
  for (let round = 0; round < 4; round++) {
    await become(0.4, 'offline', 'checking');
    messages = await become(0.4, 'offline', 'online');
  }

  expect(messages).toHaveLength(1);
});

it('reports later what was held back, even if nothing changes any more', async () => {
  const become = await open();

  expect(await become(2, 'offline', 'online')).toHaveLength(1);
  expect(await become(2, 'online', 'online')).toHaveLength(0);
  expect(await become(2, 'offline', 'online')).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(Notification.manager.count).toBe(1);
});

describe('files that break', () => {
  const PROBLEMS = ['x', 'y', 'z'].map(id => ({
    id,
    source: `/etc/${id}.json`,
    message: `/etc/${id}.json: it is bad.`
  }));

  /** Open a page with one broken file, and break files later; returns the messages. */
  const messagesAfter = async (
    count: number,
    notify: NotifyLevel = 'problems'
  ): Promise<string[]> => {
    const providers = new MockKernelProviders(provider('a'), provider('b'));
    providers.problems = PROBLEMS.slice(0, 1);
    const become = await becoming(providers, notify);
    expect(await become(2, 'online', 'online')).toEqual([]);
    providers.problems = PROBLEMS.slice(0, count);
    const messages = await become(2, 'online', 'online');
    expect(await become(2, 'slow', 'online')).toEqual(messages);
    Notification.dismiss();
    return messages;
  };

  it('are reported once, with what is wrong', async () => {
    expect(await messagesAfter(2)).toEqual(['/etc/y.json: it is bad.']);
  });

  it('are one message', async () => {
    expect(await messagesAfter(3)).toEqual(['2 provider files were left out']);
  });

  it('are not reported if they are old, or if the setting is off', async () => {
    expect(await messagesAfter(1)).toEqual([]);
    expect(await messagesAfter(3, 'none')).toEqual([]);
  });
});

it('reports nothing if the setting is off', async () => {
  const become = await open('none');

  expect(await become(2, 'offline', 'offline')).toEqual([]);
});

describe('a server without our companion', () => {
  it('is reported until it has one', async () => {
    const providers = new MockKernelProviders();
    providers.hasCompanion = false;
    await becoming(providers, 'problems');

    const [notification] = Notification.manager.notifications;
    expect(notification?.message).toContain('kernel_providers_ext');
    expect(notification?.message.length).toBeLessThanOrEqual(140);
    providers.hasCompanion = true;
    providers.changed.emit();
    await vi.advanceTimersByTimeAsync(1000);
    expect(Notification.manager.count).toBe(0);
  });

  it('is not reported if the setting is off', async () => {
    const providers = new MockKernelProviders();
    providers.hasCompanion = false;
    await becoming(providers, 'none');
    expect(Notification.manager.count).toBe(0);
  });
});
