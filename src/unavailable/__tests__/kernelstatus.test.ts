// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ISessionContext, KernelStatus } from '@jupyterlab/apputils';
import type { IStatusBar } from '@jupyterlab/statusbar';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { beforeEach, expect, it, vi } from 'vitest';

import { provider, remoteSpec, spec } from '../../__tests__/fixtures';
import { MockKernelProviders } from '../../__tests__/mockproviders';
import { kernelStatusPlugin } from '../kernelstatus';

/** Show the status item for a notebook with this kernel. */
async function scene(kernelName = 'gpu/python3') {
  const providers = new MockKernelProviders(
    provider('local'),
    provider('gpu', { label: 'GPU farm' })
  );
  const signal = (): Signal<object, unknown> => new Signal({});
  const specsManager = {
    specs: {
      default: 'python3',
      kernelspecs: {
        python3: spec('python3', 'Python 3'),
        'gpu/python3': remoteSpec('gpu', 'GPU farm', 'Python 3')
      }
    }
  };
  const context = {
    // That of the kernel to which the session moves, if it does.
    kernelDisplayName: 'Julia',
    specsManager,
    kernelDisplayStatus: 'idle',
    session: {
      kernel: { id: 'k', name: kernelName, connectionStatus: 'connected' }
    },
    kernelChanged: signal(),
    statusChanged: signal(),
    connectionStatusChanged: signal()
  };
  const notebook = new Widget();
  notebook.title.label = 'a.ipynb';
  const currentChanged = signal();
  const registered: IStatusBar.IItem[] = [];
  const selectKernel = vi.fn(() => Promise.resolve());
  const app = {
    shell: { currentWidget: notebook },
    serviceManager: { kernelspecs: specsManager }
  };
  const model = await kernelStatusPlugin.activate(
    app as unknown as JupyterFrontEnd,
    {
      registerStatusItem: (_: string, item: IStatusBar.IItem) =>
        registered.push(item)
    },
    providers,
    { currentChanged },
    { selectKernel },
    null
  );
  model.addSessionProvider(widget =>
    widget === notebook ? (context as unknown as ISessionContext) : null
  );
  const [item] = registered;
  const widget = item?.item as KernelStatus;
  Widget.attach(widget, document.body);
  const says = (text: string): Promise<void> =>
    vi.waitFor(() => {
      expect(widget.node.textContent).toBe(text);
    });
  return {
    context,
    currentChanged,
    isActive: () => item?.isActive?.(),
    notebook,
    providers,
    says,
    selectKernel,
    widget
  };
}

beforeEach(() => {
  document.body.replaceChildren();
});

it('shows kernel and status, like the stock item', async () => {
  const { context, says, selectKernel, widget } = await scene();
  await says('Python 3 (GPU farm) | Idle');
  Object.assign(context, { kernelDisplayStatus: 'busy' });
  context.statusChanged.emit('busy');
  await says('Python 3 (GPU farm) | Busy');
  const button = widget.node.querySelector<HTMLElement>('[role=button]');
  expect(button?.title).toBe('Change kernel for a.ipynb');
  button?.click();
  expect(selectKernel).toHaveBeenCalledWith(context);
  button?.dispatchEvent(
    new KeyboardEvent('keydown', { key: 'Enter', bubbles: true })
  );
  expect(selectKernel).toHaveBeenCalledTimes(2);
});

it('follows the name of the document', async () => {
  const { notebook, says, widget } = await scene();
  await says('Python 3 (GPU farm) | Idle');
  notebook.title.label = 'b.ipynb';
  await vi.waitFor(() => {
    expect(widget.node.querySelector('[role=button]')).toHaveProperty(
      'title',
      'Change kernel for b.ipynb'
    );
  });
});

it('says that the kernel cannot be reached', async () => {
  const { providers, says } = await scene();
  const local = provider('local');
  providers.become(local, provider('gpu', { state: 'offline' }));
  await says('Python 3 (GPU farm) | Offline');
  const phase = { kernelId: 'k', phase: 'reconnecting', since: new Date() };
  providers.become(local, provider('gpu', { kernelPhases: [phase as never] }));
  await says('Python 3 (GPU farm) | Reconnecting…');
  providers.become(local, provider('gpu'));
  await says('Python 3 (GPU farm) | Idle');
});

it('says nothing else of a local kernel', async () => {
  const { providers, says } = await scene('python3');
  providers.become(provider('local'), provider('gpu', { state: 'offline' }));
  await says('Python 3 | Idle');
});

it('follows the current document', async () => {
  const { currentChanged, isActive, notebook, says } = await scene();
  await says('Python 3 (GPU farm) | Idle');
  expect(isActive()).toBe(true);
  const other = new Widget();
  currentChanged.emit({ oldValue: notebook, newValue: other });
  expect(isActive()).toBe(false);
  currentChanged.emit({ oldValue: other, newValue: notebook });
  expect(isActive()).toBe(true);
  await says('Python 3 (GPU farm) | Idle');
});
