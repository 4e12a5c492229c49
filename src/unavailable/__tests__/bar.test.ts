// @vitest-environment jsdom
import '../../__tests__/jsdomgaps';

import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { KernelGuard } from '../guard';
import { MissingBar } from '../bar';
import type { Trouble } from '../reason';
import { COMMAND_IDS } from '../../tokens';
import { provider } from '../../__tests__/specimens';

const OFFLINE: Trouble = {
  kind: 'unwell',
  provider: provider('gpu', { state: 'offline', sentence: 'Cannot reach gpu.' })
};
const STARTING: Trouble = {
  kind: 'starting',
  provider: provider('gpu'),
  kernel: 'Python 3',
  since: new Date('2026-05-04T09:58:40')
};
const UNKNOWN: Trouble = {
  kind: 'unknown',
  id: 'tpu',
  kernel: 'python3',
  sentence: ''
};

/** A bar in the page, for a notebook without trouble. */
function show() {
  const sender = {};
  const guard = {
    trouble: null as Trouble | null,
    hasKernel: false,
    similar: 'python3' as string | null,
    changed: new Signal<object, void>(sender),
    cancel: vi.fn(() => Promise.resolve()),
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
  const bar = new MissingBar({
    guard: guard as unknown as KernelGuard,
    commands,
    trans: nullTranslator.load(''),
    nameOf: name => `<${name}>`,
    onGone
  });
  Widget.attach(bar, document.body);
  const become = async (trouble: Trouble | null, ms = 1500): Promise<void> => {
    guard.trouble = trouble;
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

describe('MissingBar', () => {
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

  it('says nothing while there is no trouble', async () => {
    const { bar, become } = show();

    await become(null);

    expect(bar.node.textContent?.trim()).toBe('');
    expect(bar.node.hasAttribute('role')).toBe(false);
    expect(bar.node.querySelector('[role=status]')).not.toBeNull();
  });

  it('is a region with a name, and tells its text to screen readers', async () => {
    const { bar, become } = show();

    await become(OFFLINE);

    expect(bar.node.getAttribute('role')).toBe('region');
    expect(bar.node.getAttribute('aria-label')).toBe('Kernel of this notebook');
    expect(bar.node.querySelector('[role=status]')?.textContent).toContain(
      'Cannot reach gpu.'
    );
    expect(labels(bar)).toEqual([
      'Retry',
      'Use a similar kernel here…',
      'Choose another…'
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

  it('comes and goes though something changes all the time', async () => {
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

  it('offers only what can be done', async () => {
    const { guard, bar, become } = show();
    guard.similar = null;

    await become(UNKNOWN);

    expect(labels(bar)).toEqual(['Choose another…']);
  });

  it('leads to a choice', async () => {
    const { guard, bar, become } = show();
    await become(OFFLINE);

    await press(bar, 'Use a similar kernel here…');
    await press(bar, 'Choose another…');

    expect(guard.chosen).toEqual(['python3', undefined]);
    expect(buttons(bar)[1]?.title).toContain('<python3>');
  });

  it('is busy while the provider is asked, and keeps the focus', async () => {
    const { bar, become, answer } = show();
    await become(OFFLINE);

    await press(bar, 'Retry');
    expect(labels(bar)[0]).toBe('Asking…');
    expect(buttons(bar)[0]?.getAttribute('aria-disabled')).toBe('true');
    expect(document.activeElement).toBe(buttons(bar)[0]);
    answer.now();
    await pass(1);

    expect(labels(bar)[0]).toBe('Retry');
    expect(document.activeElement).toBe(buttons(bar)[0]);
  });

  it('counts while a kernel starts, but reads out only that it does', async () => {
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

  it('cancels a start, which is not to be asked about again', async () => {
    const { guard, bar, become } = show();
    guard.similar = null;
    const done = new PromiseDelegate<void>();
    guard.cancel.mockReturnValue(done.promise);
    await become(STARTING);
    expect(labels(bar)).toEqual(['Cancel', 'Choose another…']);

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

  it('offers but another kernel while a connection is opened again', async () => {
    const { guard, bar, become } = show();
    guard.similar = null;

    await become({ ...STARTING, kind: 'reconnecting' });

    expect(labels(bar)).toEqual(['Choose another…']);
    expect(bar.node.textContent).not.toContain('so far');
  });

  it('hands the focus on when it goes, if it has it', async () => {
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
