// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { RunningSessionManagers } from '@jupyterlab/running';
import type { IRunningSessions } from '@jupyterlab/running';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { expect, it } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import { MockKernelProviders } from '../../__tests__/mockproviders';
import { runningPlugin } from '../plugin';

function managerOf(name: string): IRunningSessions.IManager {
  return {
    name,
    shutdownAll: () => undefined,
    running: () => [],
    refreshRunning: () => undefined,
    runningChanged: new Signal<object, void>({}),
    shutdownAllConfirmationText: 'Are you sure?'
  };
}

function scene() {
  const providers = new MockKernelProviders(
    provider('local', { label: 'This server' })
  );
  const managers = new RunningSessionManagers();
  const kernels = managerOf('Kernels');
  const terminals = managerOf('Terminals');
  managers.add(kernels);
  managers.add(terminals);
  const selectors: string[] = [];
  const signal = new Signal<object, void>({});
  const app = {
    commands: new CommandRegistry(),
    contextMenu: {
      addItem: ({ selector }: { selector: string }) => {
        selectors.push(selector);
        return { dispose: () => undefined };
      }
    },
    serviceManager: {
      kernels: {
        running: () =>
          [
            { id: 'a', name: 'python3' },
            { id: 'b', name: 'gpu/r' }
          ].values(),
        runningChanged: signal
      },
      sessions: { runningChanged: signal },
      kernelspecs: { specsChanged: signal }
    }
  };
  void runningPlugin.activate(
    app as unknown as JupyterFrontEnd,
    providers,
    managers,
    null
  );
  return { kernels, managers, providers, selectors, terminals };
}

it('changes nothing on a server without other providers', () => {
  const { kernels, managers } = scene();
  expect(managers.items()).toHaveLength(2);
  expect(kernels.shutdownAllConfirmationText).toBe('Are you sure?');
});

it('adds a section as soon as there is a provider, once', () => {
  const { managers, providers, selectors } = scene();
  const local = provider('local', { label: 'This server' });
  providers.become(local, provider('gpu', { label: 'GPU farm' }));
  providers.become(local, provider('gpu'), provider('hub'));
  expect(managers.items().map(({ name }) => name)).toEqual([
    'Kernels',
    'Terminals',
    'Providers'
  ]);
  expect(selectors).toContain(
    '.jp-RunningSessions-item.kpe-mod-provider[data-context="hub"]'
  );
});

it("adds places to JupyterLab's question about all kernels, and to no other", () => {
  const { kernels, managers, providers, terminals } = scene();
  providers.become(
    provider('local', { label: 'This server' }),
    provider('gpu', { label: 'GPU farm' })
  );
  const later = managerOf('Kernels');
  managers.add(later);
  for (const manager of [kernels, later]) {
    const text = manager.shutdownAllConfirmationText as () => string;
    expect(text()).toBe(
      'Shut down 2 kernels (1 on This server, 1 on GPU farm)? Their variables will be lost.'
    );
  }
  expect(terminals.shutdownAllConfirmationText).toBe('Are you sure?');
});
