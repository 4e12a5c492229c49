// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { IRunningSessions } from '@jupyterlab/running';
import type { Kernel, ServiceManager, Session } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { provider, remoteSpec, spec } from '../../__tests__/fixtures';
import { MockKernelProviders } from '../../__tests__/mockproviders';
import { COMMAND_IDS } from '../../tokens';
import { ProviderSessions } from '../sessions';

const NOW = new Date('2026-05-04T09:05:00Z');
const KERNELS: Kernel.IModel[] = [
  {
    id: '11111111-1',
    name: 'gpu/python3',
    execution_state: 'busy',
    last_activity: '2026-05-04T09:02:00Z'
  },
  { id: '22222222-2', name: 'python3', execution_state: 'idle' }
];
const SESSION = {
  id: 's',
  name: 'a.ipynb',
  path: 'work/a.ipynb',
  type: 'notebook',
  kernel: KERNELS[0]
} as Session.IModel;

/** The section of a server with `gpu`, which has a kernel with a notebook. */
function scene() {
  const providers = new MockKernelProviders(
    provider('local', { label: 'This server' }),
    provider('gpu', { label: 'GPU farm' })
  );
  const executed: unknown[] = [];
  const commands = new CommandRegistry();
  for (const id of [
    ...Object.values(COMMAND_IDS),
    'running:kernel-open-session'
  ]) {
    commands.addCommand(id, {
      label: `label of ${id}`,
      execute: args => executed.push([id, args])
    });
  }
  const kernels = {
    running: () => KERNELS.values(),
    runningChanged: new Signal<object, void>({}),
    shutdown: vi.fn<(id: string) => Promise<void>>(() => Promise.resolve())
  };
  const sessions = {
    running: () => [SESSION].values(),
    runningChanged: new Signal<object, void>({})
  };
  const kernelspecs = {
    specs: {
      default: 'python3',
      kernelspecs: {
        python3: spec('python3', 'Python 3'),
        'gpu/python3': remoteSpec('gpu', 'GPU farm', 'Python 3')
      }
    },
    specsChanged: new Signal<object, void>({})
  };
  const section = new ProviderSessions({
    providers,
    services: {
      kernels,
      sessions,
      kernelspecs
    } as unknown as ServiceManager.IManager,
    commands,
    translator: nullTranslator
  });
  return { commands, executed, kernels, providers, section };
}

type Texts = [string, string | undefined, Texts[]];

function textsOf(items: readonly IRunningSessions.IRunningItem[]): Texts[] {
  return items.map(item => [
    item.label() as string,
    item.detail?.(),
    textsOf(item.children ?? [])
  ]);
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});

afterEach(() => {
  vi.useRealTimers();
});

it('has providers, their kernels, and the notebooks of these', () => {
  const { section } = scene();
  expect(textsOf(section.running({ mode: 'tree' }))).toEqual([
    ['This server', 'Online · 42 ms', [['Python 3 (22222222)', 'Idle', []]]],
    [
      'GPU farm',
      'Online · 42 ms',
      [['Python 3', 'Busy', [['a.ipynb', undefined, []]]]]
    ]
  ]);
});

it('says when a kernel last did something', () => {
  const { section } = scene();
  const [, gpu] = section.running({ mode: 'tree' });
  expect(gpu?.children?.[0]?.labelTitle?.()).toBe(
    'Python 3\n11111111-1\nLast active: 3 min ago'
  );
});

it('has kernels with their places in a list', () => {
  const { section } = scene();
  const labels = section.running({ mode: 'list' }).map(item => item.label());
  expect(labels).toEqual(['Python 3 (GPU farm)', 'Python 3 (22222222)']);
});

it('does not say what a kernel does that cannot be reached', () => {
  const { providers, section } = scene();
  providers.become(provider('gpu', { label: 'GPU farm', state: 'offline' }));
  const [[, status, [[, doing]]]] = textsOf(
    section.running({ mode: 'tree' })
  ) as [[string, string, [Texts]]];
  expect(status).toMatch(/^Offline · last seen /);
  expect(doing).toBe('');
});

it('opens details and notebooks, and shuts down what is chosen', () => {
  const { executed, kernels, section } = scene();
  const [local, gpu] = section.running({ mode: 'tree' });
  const [kernel] = gpu?.children ?? [];
  gpu?.open?.();
  gpu?.shutdown?.();
  kernel?.children?.[0]?.open?.();
  kernel?.shutdown?.();
  expect(executed).toEqual([
    [COMMAND_IDS.details, { id: 'gpu' }],
    [COMMAND_IDS.shutDownAll, { id: 'gpu' }],
    [
      'running:kernel-open-session',
      { name: 'a.ipynb', path: 'work/a.ipynb', type: 'notebook' }
    ]
  ]);
  expect(kernels.shutdown).toHaveBeenCalledWith('11111111-1');
  expect(section.shutdownLabel(gpu as never)).toContain('shut-down-all');
  expect(section.shutdownLabel(kernel as never)).toBe('Shut Down Kernel');
  expect(local?.context).toBe('local');
});

it('shuts down the kernels of a provider that was removed, too', () => {
  const { kernels, providers, section } = scene();
  providers.become(provider('local', { label: 'This server' }));
  expect(section.shutdownAllConfirmationText()).toContain(
    '(1 on This server, 1 on gpu)'
  );
  section.shutdownAll();
  expect(kernels.shutdown).toHaveBeenCalledTimes(2);
});

it('says why a kernel could not be shut down', async () => {
  const { kernels, section } = scene();
  kernels.shutdown.mockRejectedValue(new Error('It is away.'));
  const [, gpu] = section.running({ mode: 'tree' });
  gpu?.children?.[0]?.shutdown?.();
  await vi.waitFor(() => {
    const text = document.querySelector('.jp-Dialog')?.textContent;
    expect(text).toContain('Could not shut down 1 kernel on GPU farm');
    expect(text).toContain('It is away.');
  });
  document.querySelector<HTMLElement>('.jp-Dialog-footer button')?.click();
});

it('offers no shutdown for a provider without kernels', () => {
  const { providers, section } = scene();
  providers.become(provider('hub'));
  expect(section.running({ mode: 'tree' })[0]?.shutdown).toBeUndefined();
});

it('says how many kernels run where before it shuts down all', () => {
  const { kernels, section } = scene();
  expect(section.shutdownAllConfirmationText()).toBe(
    'Shut down 2 kernels (1 on This server, 1 on GPU farm)? Their variables will be lost.'
  );
  section.shutdownAll();
  expect(kernels.shutdown.mock.calls).toEqual([['22222222-2'], ['11111111-1']]);
});

it('is drawn again once for changes at about the same time', async () => {
  const { kernels, providers, section } = scene();
  const changed = vi.fn();
  section.runningChanged.connect(changed);
  providers.changed.emit();
  kernels.runningChanged.emit();
  providers.changed.emit();
  await vi.advanceTimersByTimeAsync(50);
  kernels.runningChanged.emit(); // it is not forgotten
  expect(changed).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1000);
  expect(changed).toHaveBeenCalledOnce();
});
