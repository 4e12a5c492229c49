// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { beforeEach, describe, expect, it } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import { MockKernelProviders } from '../../__tests__/mockproviders';
import { COMMAND_IDS } from '../../tokens';
import type { IProvider } from '../../tokens';
import { Toasts } from '../toasts';

const A = offline('a');
const B = offline('b');

function offline(id: string): IProvider {
  const message = `Cannot reach ${id}.`;
  return provider(id, { state: 'offline', message });
}

/** Toasts of `a` and `b`, which are offline. */
function create(hasCommands = true) {
  const providers = new MockKernelProviders(A, B);
  const commands = new CommandRegistry();
  const executed: unknown[] = [];
  const answer: { now: () => void } = { now: () => undefined };
  if (hasCommands) {
    commands.addCommand(COMMAND_IDS.details, {
      execute: ({ id }) => executed.push(['details', id])
    });
    commands.addCommand(COMMAND_IDS.retry, {
      execute: ({ id }) => {
        executed.push(['retry', id]);
        return new Promise<void>(resolve => {
          answer.now = resolve;
        });
      }
    });
  }
  const toasts = new Toasts(providers, commands, nullTranslator.load(''));
  return { providers, toasts, executed, answer };
}

/** The types and messages of the notifications, newest first. */
function texts(): string[] {
  return Notification.manager.notifications.map(
    ({ type, message }) => `${type}: ${message}`
  );
}

/** Press a button of the newest notification; returns whether the notification stays. */
function press(label: string): boolean {
  const [notification] = Notification.manager.notifications;
  const action = notification?.options.actions?.find(
    other => other.label === label
  );
  const event = new MouseEvent('click', { cancelable: true });
  action?.callback(event);
  return action !== undefined && event.defaultPrevented;
}

const settle = (): Promise<void> => new Promise(resolve => setTimeout(resolve));

beforeEach(() => {
  Notification.dismiss();
});

describe('Toasts', () => {
  it.each([
    [`${'a'.repeat(90)}. ${'b'.repeat(50)}. C.`, `${'a'.repeat(90)}.`],
    [`${'a'.repeat(90)}. ${'b'.repeat(45)}.`, null],
    ['a'.repeat(150), null]
  ])('have only whole sentences of %j, if they fit', (message, shown) => {
    const { toasts, providers } = create();
    const long = { ...A, message };
    providers.become(long);

    toasts.show({ lost: [long], back: [] });

    expect(texts()).toEqual([`warning: ${shown ?? message}`]);
  });

  it('say why a provider is unavailable, and open its details', () => {
    const { toasts, executed } = create();

    toasts.show({ lost: [A], back: [] });

    expect(texts()).toEqual(['warning: Cannot reach a.']);
    expect(press('Details')).toBe(true);
    expect(executed).toEqual([['details', 'a']]);
  });

  it('have no buttons if the commands are disabled', () => {
    const { toasts } = create(false);

    toasts.show({ lost: [A], back: [] });

    const [notification] = Notification.manager.notifications;
    expect(notification?.options.actions).toEqual([]);
  });

  it('are combined for several providers', () => {
    const { toasts, executed } = create();

    toasts.show({ lost: [A, B], back: [] });
    press('Retry');

    expect(texts()).toHaveLength(1);
    expect(executed).toEqual([
      ['retry', 'a'],
      ['retry', 'b']
    ]);
  });

  it('name the providers that are still unavailable', () => {
    const { providers, toasts } = create();
    toasts.show({ lost: [A, B], back: [] });
    expect(texts()).toEqual([
      'warning: 2 kernel providers are unavailable: a, b'
    ]);

    providers.become(provider('a'), B);
    toasts.show({ lost: [], back: [] });

    expect(texts()).toEqual(['warning: Cannot reach b.']);
  });

  it('are dismissed when the provider is available', () => {
    const { providers, toasts } = create();
    toasts.show({ lost: [A], back: [] });

    providers.become(provider('a'), B);
    toasts.show({ lost: [], back: [] });

    expect(texts()).toEqual([]);
  });

  it('are dismissed when the provider is removed', () => {
    const { providers, toasts } = create();
    toasts.show({ lost: [A], back: [] });

    providers.become(B);
    toasts.show({ lost: [], back: [] });

    expect(texts()).toEqual([]);
  });

  it('become the good changes, without a second one', () => {
    const { providers, toasts } = create();
    toasts.show({ lost: [A], back: [] });
    const [before] = Notification.manager.notifications;

    const a = provider('a');
    providers.become(a, B);
    toasts.show({ lost: [], back: [a] });

    expect(texts()).toEqual(['success: Available again: a']);
    expect(Notification.manager.notifications[0]?.id).toBe(before?.id);
  });

  it('show a success message if the user dismissed the warning', () => {
    const { providers, toasts } = create();
    toasts.show({ lost: [A], back: [] });
    Notification.dismiss();

    const a = provider('a');
    providers.become(a, B);
    toasts.show({ lost: [], back: [a] });

    expect(texts()).toEqual(['success: Available again: a']);
  });

  it('show a new reason', () => {
    const { providers, toasts } = create();
    toasts.show({ lost: [A], back: [] });

    const a = provider('a', { state: 'unauthorised', message: 'Refused.' });
    providers.become(a, B);
    toasts.show({ lost: [a], back: [] });

    expect(texts()).toEqual(['warning: Refused.']);
  });

  it('stay during a retry, and show its result', async () => {
    const { toasts, answer } = create();
    toasts.show({ lost: [A], back: [] });

    expect(press('Retry')).toBe(true);
    expect(texts()).toEqual(['in-progress: Retrying a…']);
    answer.now();
    await settle();

    expect(texts()).toEqual(['warning: Cannot reach a.']);
  });
});
