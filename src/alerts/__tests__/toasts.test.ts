// @vitest-environment jsdom
import '../../__tests__/jsdomgaps';

import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { beforeEach, describe, expect, it } from 'vitest';

import { Notices } from '../toasts';
import { COMMAND_IDS } from '../../tokens';
import type { IProvider } from '../../tokens';
import { FakeProviders } from '../../__tests__/fakeproviders';
import { provider } from '../../__tests__/specimens';

const A = offline('a');
const B = offline('b');

function offline(id: string): IProvider {
  const sentence = `Cannot reach ${id}.`;
  return provider(id, { state: 'offline', sentence });
}

/** Notices of `a` and `b`, which are offline. */
function create(hasCommands = true) {
  const providers = new FakeProviders(A, B);
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
  const notices = new Notices(providers, commands, nullTranslator.load(''));
  return { providers, notices, executed, answer };
}

/** What the notifications say, the newest first. */
function texts(): string[] {
  return Notification.manager.notifications.map(
    ({ type, message }) => `${type}: ${message}`
  );
}

/** Use a button of the newest notification; returns whether it stays. */
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

describe('Notices', () => {
  it('say why a provider cannot be used, and lead to its details', () => {
    const { notices, executed } = create();

    notices.tell({ lost: [A], back: [] });

    expect(texts()).toEqual(['warning: Offline. Cannot reach a.']);
    expect(press('Details')).toBe(true);
    expect(executed).toEqual([['details', 'a']]);
  });

  it('have no buttons where the commands are disabled', () => {
    const { notices } = create(false);

    notices.tell({ lost: [A], back: [] });

    const [notification] = Notification.manager.notifications;
    expect(notification?.options.actions).toEqual([]);
  });

  it('are one for several providers', () => {
    const { notices, executed } = create();

    notices.tell({ lost: [A, B], back: [] });
    press('Retry');

    expect(texts()).toHaveLength(1);
    expect(executed).toEqual([
      ['retry', 'a'],
      ['retry', 'b']
    ]);
  });

  it('name those of several that are still in trouble', () => {
    const { providers, notices } = create();
    notices.tell({ lost: [A, B], back: [] });
    expect(texts()).toEqual([
      'warning: 2 kernel providers cannot be used: a, b'
    ]);

    providers.become(provider('a'), B);
    notices.tell({ lost: [], back: [] });

    expect(texts()).toEqual(['warning: Offline. Cannot reach b.']);
  });

  it('go with the trouble', () => {
    const { providers, notices } = create();
    notices.tell({ lost: [A], back: [] });

    providers.become(provider('a'), B);
    notices.tell({ lost: [], back: [] });

    expect(texts()).toEqual([]);
  });

  it('go with the provider', () => {
    const { providers, notices } = create();
    notices.tell({ lost: [A], back: [] });

    providers.become(B);
    notices.tell({ lost: [], back: [] });

    expect(texts()).toEqual([]);
  });

  it('become the good news, without a second one', () => {
    const { providers, notices } = create();
    notices.tell({ lost: [A], back: [] });
    const [before] = Notification.manager.notifications;

    const a = provider('a');
    providers.become(a, B);
    notices.tell({ lost: [], back: [a] });

    expect(texts()).toEqual(['success: a can be used again']);
    expect(Notification.manager.notifications[0]?.id).toBe(before?.id);
  });

  it('tell good news of a provider whose trouble was dismissed', () => {
    const { providers, notices } = create();
    notices.tell({ lost: [A], back: [] });
    Notification.dismiss();

    const a = provider('a');
    providers.become(a, B);
    notices.tell({ lost: [], back: [a] });

    expect(texts()).toEqual(['success: a can be used again']);
  });

  it('give way to another reason', () => {
    const { providers, notices } = create();
    notices.tell({ lost: [A], back: [] });

    const a = provider('a', { state: 'unauthorised', sentence: 'Refused.' });
    providers.become(a, B);
    notices.tell({ lost: [a], back: [] });

    expect(texts()).toEqual(['warning: Sign-in needed. Refused.']);
  });

  it('stay while the provider is asked, and say what comes of it', async () => {
    const { notices, answer } = create();
    notices.tell({ lost: [A], back: [] });

    expect(press('Retry')).toBe(true);
    expect(texts()).toEqual(['in-progress: Asking a…']);
    answer.now();
    await settle();

    expect(texts()).toEqual(['warning: Offline. Cannot reach a.']);
  });
});
