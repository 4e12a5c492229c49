// @vitest-environment jsdom
import '../../__tests__/jsdomgaps';

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { CommandRegistry } from '@lumino/commands';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { notificationsPlugin } from '../notifications';
import { DEFAULT_PREFERENCES } from '../../providers/model';
import type { NotifyLevel, ProviderState } from '../../tokens';
import { FakeProviders } from '../../__tests__/fakeproviders';
import { provider } from '../../__tests__/specimens';

beforeEach(() => {
  vi.useFakeTimers();
  Notification.dismiss();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A page with two providers that are well, and what its notifications say. */
async function open(notify: NotifyLevel = 'problems') {
  const providers = new FakeProviders(provider('a'), provider('b'));
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

it('makes one message of what goes at about the same time', async () => {
  const become = await open();

  expect(await become(0.5, 'offline', 'online')).toEqual([]);
  expect(await become(1.5, 'offline', 'offline')).toEqual([
    '2 kernel providers cannot be used: a, b'
  ]);
});

it('tells of one provider though another one comes and goes all the time', async () => {
  const become = await open();

  let messages: string[] = [];
  for (let round = 0; round < 4; round++) {
    await become(0.4, 'offline', 'checking');
    messages = await become(0.4, 'offline', 'online');
  }

  expect(messages).toHaveLength(1);
});

it('tells later what was damped, even if nothing happens any more', async () => {
  const become = await open();

  expect(await become(2, 'offline', 'online')).toHaveLength(1);
  expect(await become(2, 'online', 'online')).toHaveLength(0);
  expect(await become(2, 'offline', 'online')).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(Notification.manager.count).toBe(1);
});

it('tells nobody who does not want to be told', async () => {
  const become = await open('none');

  expect(await become(2, 'offline', 'offline')).toEqual([]);
});
