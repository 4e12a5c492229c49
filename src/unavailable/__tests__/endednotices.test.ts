// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import { MockKernelProviders } from '../../__tests__/mockproviders';
import type { NotifyLevel } from '../../tokens';
import { EndedNotices } from '../endednotices';
import type { IEndedNotebook } from '../endednotices';

const trans = nullTranslator.load('');

beforeEach(() => {
  vi.useFakeTimers();
  Notification.dismiss();
});

afterEach(() => {
  vi.useRealTimers();
});

function open(notify: NotifyLevel = 'problems') {
  const providers = new MockKernelProviders(
    provider('hpc', { label: 'HPC cluster' }),
    provider('gpu')
  );
  providers.preferences = { ...providers.preferences, notify };
  const shown: [string, readonly IEndedNotebook[]][] = [];
  const closed = new Set<string>();
  const notices = new EndedNotices({
    providers,
    trans,
    showNotebooks: (title, notebooks) => shown.push([title, notebooks])
  });
  return {
    shown,
    closed,
    /** End kernels, and return the messages a moment later. */
    end: async (id: string, ...names: string[]): Promise<string[]> => {
      for (const name of names) {
        const kernelId = name.replace(/ \(view\)$/, '');
        const isOpen = (): boolean => !closed.has(name);
        notices.add(id, { name, kernelId, isOpen, activate: vi.fn() });
      }
      await vi.advanceTimersByTimeAsync(1500);
      return Notification.manager.notifications.map(({ message }) => message);
    }
  };
}

const LOST_14 = '14 kernels on HPC cluster ended. Their variables are lost.';
const names = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${String(index)}.ipynb`);

it('shows one notification for all kernels of a provider, which goes by itself', async () => {
  const { end, shown, closed } = open();
  // Two notebooks may share a kernel.
  expect(await end('hpc', ...names(14), '0.ipynb (view)')).toEqual([LOST_14]);
  closed.add('3.ipynb');
  const [toast] = Notification.manager.notifications;
  expect(toast?.options.autoClose).toBeGreaterThan(0);

  const [action] = toast?.options.actions ?? [];
  expect(action?.label).toBe('Show notebooks');
  action?.callback(new MouseEvent('click'));
  expect(shown.map(([title, its]) => [title, its.length])).toEqual([
    [LOST_14, 14]
  ]);
});

it('adds to a notification that is still shown, and to no other', async () => {
  const { end } = open();
  expect(await end('gpu', 'a.ipynb')).toEqual([
    '1 kernel on gpu ended. Its variables are lost.'
  ]);
  expect(await end('gpu', 'b.ipynb')).toEqual([
    '2 kernels on gpu ended. Their variables are lost.'
  ]);
  expect(await end('hpc', ...names(14))).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await end('gpu', 'c.ipynb')).toEqual([
    '1 kernel on gpu ended. Its variables are lost.',
    LOST_14
  ]);
});

it('is silent if the user wants no notifications', async () => {
  expect(await open('none').end('hpc', 'a.ipynb')).toEqual([]);
});
