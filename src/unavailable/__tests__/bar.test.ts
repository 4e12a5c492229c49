// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import { COMMAND_IDS } from '../../tokens';
import { UnavailableBar } from '../bar';
import type { KernelGuard } from '../guard';
import type { Unavailability } from '../reason';

const OFFLINE: Unavailability = {
  kind: 'unavailable',
  kernel: 'Python 3',
  provider: provider('gpu', { state: 'offline', message: 'Cannot reach gpu.' })
};
const BLOCKED: Unavailability = {
  kind: 'blocked',
  kernel: 'Python 3',
  provider: provider('gpu', {
    state: 'blocked',
    reason: 'websocket',
    detail: '400'
  })
};
const STARTING: Unavailability = {
  kind: 'starting',
  kernelId: 'a',
  provider: provider('gpu'),
  kernel: 'Python 3',
  since: new Date('2026-05-04T09:58:40')
};
const UNKNOWN: Unavailability = {
  kind: 'unknown',
  id: 'tpu',
  kernel: 'python3',
  message: ''
};

/** Show a bar on the page, for a notebook whose kernel can be used. */
function show() {
  const sender = {};
  const guard = {
    unavailability: null as Unavailability | null,
    hasKernel: false,
    similar: 'python3' as string | null,
    changed: new Signal<object, void>(sender),
    cancel: vi.fn(() => Promise.resolve()),
    startAgain: vi.fn(() => Promise.resolve()),
    reconnect: vi.fn(() => Promise.resolve()),
    chosen: [] as (string | undefined)[],
    choose: (name?: string) => {
      guard.chosen.push(name);
      return Promise.resolve();
    }
  };
  const commands = new CommandRegistry();
  const answer: { now: () => void } = { now: () => undefined };
  commands.addCommand(COMMAND_IDS.retry, {
    isEnabled: ({ id }) => id === 'gpu',
    execute: () =>
      new Promise<void>(resolve => {
        answer.now = resolve;
      })
  });
  const onGone = vi.fn();
  const bar = new UnavailableBar({
    guard: guard as unknown as KernelGuard,
    commands,
    trans: nullTranslator.load(''),
    nameOf: name => `<${name}>`,
    onGone
  });
  Widget.attach(bar, document.body);
  const become = async (
    unavailability: Unavailability | null,
    ms = 1500
  ): Promise<void> => {
    guard.unavailability = unavailability;
    guard.changed.emit();
    await pass(ms);
  };
  return { guard, bar, become, onGone, answer };
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  // React renders after that.
  await new Promise(resolve => setImmediate(resolve));
}

function buttons({ node }: Widget): HTMLButtonElement[] {
  return [...node.querySelectorAll('button')];
}

function labels(bar: Widget): (string | null)[] {
  return buttons(bar).map(({ textContent }) => textContent);
}

async function press(bar: Widget, label: string): Promise<void> {
  const button = buttons(bar).find(({ textContent }) => textContent === label);
  button?.focus();
  button?.click();
  await pass(0);
}

describe('UnavailableBar', () => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: [
        'setTimeout',
        'clearTimeout',
        'setInterval',
        'clearInterval',
        'Date'
      ]
    });
  });

  afterEach(() => {
    vi.useRealTimers();
    document.body.replaceChildren();
  });

  it('is empty while the kernel can be used', async () => {
    const { bar, become } = show();

    await become(null);

    expect(bar.node.textContent?.trim()).toBe('');
    expect(bar.node.hasAttribute('role')).toBe(false);
    expect(bar.node.querySelector('[role=status]')).not.toBeNull();
  });

  it('is a region with a name, and screen readers read its text', async () => {
    const { bar, become } = show();

    await become(OFFLINE);

    expect(bar.node.getAttribute('role')).toBe('region');
    expect(bar.node.getAttribute('aria-label')).toBe('State of the kernel');
    expect(bar.node.querySelector('[role=status]')?.textContent).toContain(
      'Cannot reach gpu.'
    );
    expect(labels(bar)).toEqual([
      'Retry',
      'Use <python3> on this server…',
      'Select another kernel…'
    ]);
  });

  it('does not flicker', async () => {
    const { bar, become } = show();

    await become(OFFLINE, 500);
    await become(null, 500);
    await become(OFFLINE, 500);
    expect(labels(bar)).toEqual([]);
    await pass(1000);
    expect(labels(bar)).toHaveLength(3);

    await become(null, 500);
    await become(OFFLINE, 500);
    expect(labels(bar)).toHaveLength(3);
  });

  it('appears and disappears even if something changes all the time', async () => {
    const { bar, become } = show();

    for (let round = 0; round < 4; round++) {
      await become(OFFLINE, 400);
    }
    expect(labels(bar)).toHaveLength(3);

    for (let round = 0; round < 4; round++) {
      await become(null, 400);
    }
    expect(labels(bar)).toEqual([]);
  });

  it('has no buttons for what cannot be done', async () => {
    const { guard, bar, become } = show();
    guard.similar = null;

    await become(UNKNOWN);

    expect(labels(bar)).toEqual(['Select another kernel…']);
  });

  it('opens the kernel picker', async () => {
    const { guard, bar, become } = show();
    await become(OFFLINE);

    await press(bar, 'Use <python3> on this server…');
    await press(bar, 'Select another kernel…');

    expect(guard.chosen).toEqual(['python3', undefined]);
    expect(buttons(bar)[1]?.title).toContain('<python3>');
  });

  it('is busy during a retry, and keeps the focus', async () => {
    const { bar, become, answer } = show();
    await become(OFFLINE);

    await press(bar, 'Retry');
    expect(labels(bar)[0]).toBe('Retrying…');
    expect(buttons(bar)[0]?.getAttribute('aria-disabled')).toBe('true');
    expect(document.activeElement).toBe(buttons(bar)[0]);
    answer.now();
    await pass(1);

    expect(labels(bar)[0]).toBe('Retry');
    expect(document.activeElement).toBe(buttons(bar)[0]);
  });

  it('connects a blocked kernel when the user retries', async () => {
    const { guard, bar, become } = show();
    guard.hasKernel = true;
    guard.similar = null;
    const done = new PromiseDelegate<void>();
    guard.reconnect.mockReturnValue(done.promise);

    await become(BLOCKED);
    expect(bar.node.querySelector('[role=status]')?.textContent).toContain(
      'gpu answers requests, but its kernels cannot be reached (400)'
    );
    expect(bar.node.textContent).not.toContain('Retrying in');
    expect(labels(bar)).toEqual(['Retry', 'Select another kernel…']);

    await press(bar, 'Retry');
    expect(labels(bar)[0]).toBe('Retrying…');
    done.resolve();
    await pass(1);

    expect(guard.reconnect).toHaveBeenCalledOnce();
    expect(labels(bar)[0]).toBe('Retry');
  });

  it('retries the blocked provider of a notebook without a kernel', async () => {
    const { guard, bar, become, answer } = show();
    await become(BLOCKED);

    await press(bar, 'Retry');
    expect(labels(bar)[0]).toBe('Retrying…');
    answer.now();
    await pass(1);

    expect(guard.reconnect).not.toHaveBeenCalled();
    expect(labels(bar)[0]).toBe('Retry');
  });

  it('counts the seconds of a start, but screen readers do not read them', async () => {
    const { bar, become } = show();
    vi.setSystemTime(new Date('2026-05-04T09:59:59'));

    await become(STARTING, 1000);

    expect(bar.node.textContent).toContain('1 min 20 s so far.');
    await pass(1000);
    expect(bar.node.textContent).toContain('1 min 21 s so far.');
    const status = bar.node.querySelector('[role=status]')?.textContent;
    expect(status).toContain('Python 3 has been starting on gpu');
    expect(status).not.toContain('so far');
  });

  it('cancels a start once', async () => {
    const { guard, bar, become } = show();
    guard.similar = null;
    const done = new PromiseDelegate<void>();
    guard.cancel.mockReturnValue(done.promise);
    await become(STARTING);
    expect(labels(bar)).toEqual(['Cancel', 'Select another kernel…']);

    await press(bar, 'Cancel');
    expect(labels(bar)[0]).toBe('Cancelling…');
    await press(bar, 'Cancelling…');
    expect(guard.cancel).toHaveBeenCalledOnce();
    done.resolve();
    await pass(1);

    expect(labels(bar)[0]).toBe('Cancel');
  });

  it('says why a start cannot be cancelled', async () => {
    const { guard, bar, become } = show();
    guard.cancel.mockRejectedValue(new Error('This server is away.'));
    await become(STARTING);

    await press(bar, 'Cancel');

    expect(document.querySelector('.jp-Dialog')?.textContent).toContain(
      'This server is away.'
    );
  });

  it('starts a kernel again after the last one ended', async () => {
    const { guard, bar, become } = show();
    guard.similar = null;
    const since = new Date('2026-05-04T09:58:40');
    await become({ kind: 'ended', since, cells: 0 });

    expect(labels(bar)).toEqual(['Start again', 'Select another kernel…']);
    await press(bar, 'Start again');
    expect(guard.startAgain).toHaveBeenCalledOnce();
  });

  it('only offers another kernel during a reconnection', async () => {
    const { guard, bar, become } = show();
    guard.similar = null;

    await become({ ...STARTING, kind: 'reconnecting' });

    expect(labels(bar)).toEqual(['Select another kernel…']);
    expect(bar.node.textContent).not.toContain('so far');
  });

  it('passes on the focus when it is emptied, if it has it', async () => {
    const { bar, become, onGone } = show();
    await become(OFFLINE);
    await become(null);
    expect(onGone).not.toHaveBeenCalled();

    await become(OFFLINE);
    buttons(bar)[0]?.focus();
    await become(null);

    expect(onGone).toHaveBeenCalledOnce();
    expect(labels(bar)).toEqual([]);
  });
});
