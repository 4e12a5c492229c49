// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelSpec } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import {
  provider,
  remoteSpec,
  withKernelPhase
} from '../../__tests__/fixtures';
import { MockKernelProviders } from '../../__tests__/mockproviders';
import { ProviderSessionContextDialogs } from '../plugin';
import type { IAdding } from '../plugin';

const LOCAL: KernelSpec.ISpecModel = {
  name: 'python3',
  display_name: 'Python 3',
  language: 'python',
  argv: [],
  resources: {}
};
const REMOTE: KernelSpec.ISpecModel = {
  ...LOCAL,
  name: 'gpu/python3',
  display_name: 'Python 3 (GPU)'
};
const OWN: Kernel.IModel = { id: 'own-1', name: 'python3' };
const OTHER: Kernel.IModel = { id: 'other-1', name: 'gpu/python3' };

/** Make a session on a server with two kernels. */
function mockSession(isAttached: boolean) {
  const sender = {};
  const server = {
    specs: {
      default: 'python3',
      kernelspecs: { python3: LOCAL, 'gpu/python3': REMOTE }
    } as KernelSpec.ISpecModels,
    running: [OTHER],
    specsChanged: new Signal<object, void>(sender),
    runningChanged: new Signal<object, void>(sender)
  };
  const context = {
    isDisposed: false,
    name: 'x.ipynb',
    hasNoKernel: !isAttached,
    kernelDisplayName: isAttached ? 'Python 3' : 'No Kernel',
    kernelPreference: {
      name: 'python3',
      autoStartDefault: false
    } as ISessionContext.IKernelPreference,
    session: isAttached
      ? { kernel: { ...OWN, model: OWN, status: 'idle' } }
      : null,
    specsManager: {
      get specs() {
        return server.specs;
      },
      specsChanged: server.specsChanged
    },
    kernelManager: {
      running: () => server.running.values(),
      runningChanged: server.runningChanged
    },
    sessionManager: {
      running: () => [].values(),
      runningChanged: new Signal<object, void>(sender)
    },
    kernelChanged: new Signal<object, void>(sender),
    statusChanged: new Signal<object, void>(sender),
    changeKernel: vi.fn(() => Promise.resolve(null)),
    shutdown: vi.fn(() => Promise.resolve())
  };
  return { server, context };
}

/** Open the dialog; returns functions for what users do in it. */
async function open(
  isAttached: boolean,
  providers = new MockKernelProviders(),
  adding?: IAdding
) {
  const { server, context } = mockSession(isAttached);
  const dialogs = new ProviderSessionContextDialogs(providers, {}, adding);
  const declined: unknown[] = [];
  dialogs.declined.connect((_, its) => declined.push(its));
  const done = dialogs.selectKernel(context as unknown as ISessionContext);
  await vi.waitFor(() => {
    expect(document.querySelector('[role=option]')).not.toBeNull();
  });
  const input = document.querySelector<HTMLInputElement>('[role=combobox]');
  const select = document.querySelector<HTMLButtonElement>('.jp-mod-accept');
  if (input === null || select === null) {
    throw new Error('The dialog is not complete.');
  }
  return {
    server,
    context,
    declined,
    done,
    input,
    select,
    active: () =>
      document.querySelector<HTMLElement>('[aria-selected=true]')?.dataset[
        'value'
      ],
    button: (text: string) =>
      [...document.querySelectorAll('button')].find(
        ({ textContent }) => textContent === text
      ),
    /** The descriptions of a group for screen readers. */
    described: (name: string) =>
      [...document.querySelectorAll('[role=group]')]
        .filter(group => group.textContent?.startsWith(name))
        .flatMap(group => group.getAttribute('aria-describedby')?.split(' '))
        .map(id => document.getElementById(id ?? '')?.textContent),
    /** The text in the row of a kernel. */
    row: (id: string) =>
      document.querySelector(`[role=option][data-value*="${id}"]`)?.textContent,
    isOpen: () => document.querySelector('.jp-Dialog') !== null,
    press: (...keys: string[]) => {
      for (const key of keys) {
        const keyCode = { Enter: 13, Escape: 27 }[key] ?? 0;
        const init = { key, keyCode, bubbles: true, cancelable: true };
        input.dispatchEvent(new KeyboardEvent('keydown', init));
      }
    },
    type: (text: string) => {
      Object.getOwnPropertyDescriptor(
        HTMLInputElement.prototype,
        'value'
      )?.set?.call(input, text);
      input.dispatchEvent(new InputEvent('input', { bubbles: true }));
    }
  };
}

beforeEach(() => {
  document.body.replaceChildren();
});

describe('selectKernel', () => {
  it('changes nothing if the current kernel is accepted', async () => {
    const { context, done, press, active } = await open(true);
    expect(active()).toBe('{"id":"own-1"}');
    press('Enter');
    await done;
    expect(context.changeKernel).not.toHaveBeenCalled();
    expect(context.shutdown).not.toHaveBeenCalled();
  });

  it('says that a provider is blocked, and starts its kernels', async () => {
    const gpu = provider('gpu', {
      state: 'blocked',
      reason: 'websocket',
      detail: '400'
    });
    const { context, done, type, press, row, described } = await open(
      false,
      new MockKernelProviders(provider('local'), gpu)
    );
    expect(row('gpu/python3')).toContain('Websocket blocked');
    expect(described('gpu').join(' ')).toContain('cannot be reached (400)');
    expect(document.querySelector('.kpe-mod-unavailable')).toBeNull();

    type('gpu');
    press('Enter');
    await done;
    expect(context.changeKernel).toHaveBeenCalledWith({ name: 'gpu/python3' });
  });

  it('starts the chosen kernel', async () => {
    const { context, done, press } = await open(true);
    press('Home', 'Enter');
    await done;
    expect(context.changeKernel).toHaveBeenCalledWith({ name: 'python3' });
  });

  it('connects to the chosen running kernel', async () => {
    const { context, done, press, type } = await open(true);
    type('other-1');
    press('Enter');
    await done;
    expect(context.changeKernel).toHaveBeenCalledWith({ id: 'other-1' });
  });

  it('does nothing on Enter while nothing matches', async () => {
    const { context, done, press, type, select, active, isOpen } =
      await open(true);
    type('no kernel');
    await vi.waitFor(() => {
      expect(active()).toBeUndefined();
    });
    expect(select.disabled).toBe(true);
    press('Enter');
    expect(isOpen()).toBe(true);

    type('');
    await vi.waitFor(() => {
      expect(active()).toBe('{"id":"own-1"}');
    });
    expect(select.disabled).toBe(false);

    press('Escape');
    await done;
    expect(isOpen()).toBe(false);
    expect(context.changeKernel).not.toHaveBeenCalled();
    expect(context.shutdown).not.toHaveBeenCalled();
  });

  it('shuts down only if single steps reach "no kernel"', async () => {
    const { context, done, press } = await open(true);
    press('End', 'PageDown', 'ArrowDown', 'ArrowDown', 'Enter');
    await done;
    expect(context.shutdown).toHaveBeenCalledOnce();
    expect(context.changeKernel).not.toHaveBeenCalled();
  });

  it('stops at the last kernel with End and PageDown', async () => {
    const { context, done, press } = await open(true);
    press('PageDown', 'End', 'PageDown', 'Enter');
    await done;
    expect(context.changeKernel).toHaveBeenCalledWith({ id: 'other-1' });
  });

  it('takes back "no kernel" when the user types', async () => {
    const { context, done, press, type } = await open(true);
    press('End', 'ArrowDown');
    type('gpu/python3');
    press('Enter');
    await done;
    expect(context.shutdown).not.toHaveBeenCalled();
    expect(context.changeKernel).toHaveBeenCalledWith({ name: 'gpu/python3' });
  });

  it('shuts down nothing without a kernel, but emits the choice', async () => {
    const { context, declined, done, press } = await open(false);
    press('End', 'ArrowDown', 'Enter');
    await done;
    expect(declined).toEqual([context]);
    expect(context.shutdown).not.toHaveBeenCalled();
    expect(context.changeKernel).not.toHaveBeenCalled();
  });

  it('remembers to start the preferred kernel', async () => {
    const { context, done, press } = await open(false);
    document
      .querySelector<HTMLInputElement>('.jp-Dialog-checkbox input')
      ?.click();
    press('Enter');
    await done;
    expect(context.kernelPreference).toEqual({
      name: 'python3',
      autoStartDefault: true
    });
    expect(context.changeKernel).toHaveBeenCalledWith({ name: 'python3' });
  });

  it('keeps the filter and the choice while kernels come and go', async () => {
    const { server, done, press, type, input, active } = await open(true);
    type('python');
    press('Home', 'ArrowDown');
    await vi.waitFor(() => {
      expect(active()).toBe('{"id":"own-1"}');
    });
    press('ArrowDown');
    await vi.waitFor(() => {
      expect(active()).toBe('{"name":"gpu/python3"}');
    });
    const newer = { ...LOCAL, name: 'a', display_name: 'A new Python' };
    server.specs = {
      default: 'python3',
      kernelspecs: { a: newer, ...server.specs.kernelspecs }
    };
    server.specsChanged.emit();
    await vi.waitFor(() => {
      expect(document.body.textContent).toContain('A new Python');
    });
    expect(input.value).toBe('python');
    expect(active()).toBe('{"name":"gpu/python3"}');
    press('Escape');
    await done;
  });
});

describe('the rows', () => {
  const FAR = remoteSpec('gpu', 'GPU', 'Far Python');

  /** Open the dialog, and return the texts that a row shows. */
  const shown = async (placement: string, ...others: string[]) => {
    const providers = new MockKernelProviders(
      ...['local', ...others].map(id => provider(id))
    );
    providers.preferences = { ...providers.preferences, placement };
    const { server, done, press } = await open(false, providers);
    server.specs = {
      default: 'python3',
      kernelspecs: { python3: LOCAL, [FAR.name]: FAR }
    };
    server.specsChanged.emit();
    const parts = '[data-value*="gpu/python3"] .kpe-KernelLabel > *';
    await vi.waitFor(() => {
      expect(document.querySelector(parts)?.textContent).toMatch(/^Far/);
    });
    const texts = [...document.querySelectorAll(parts)]
      .filter(({ className }) => className !== 'kpe-visually-hidden')
      .map(({ textContent }) => textContent);
    press('Escape');
    await done;
    return texts;
  };

  it('have the own name of a kernel under the heading of its place', async () => {
    expect(await shown('', 'gpu')).toEqual(['Far Python']);
  });

  it('have the name that the user wants', async () => {
    expect(await shown('suffix', 'gpu')).toEqual(['Far Python (GPU)']);
  });
});

describe('other kernels', () => {
  const SHOW = 'Show kernels from other sessions';
  const FAR: Kernel.IModel = {
    id: 'far-1',
    name: 'gpu/python3',
    execution_state: 'idle',
    last_activity: 'yesterday',
    connections: 2
  };

  /** Open the dialog with two remote providers, one of which lists its kernels. */
  const openFar = async () => {
    const providers = new MockKernelProviders(
      provider('local'),
      provider('gpu'),
      provider('shy')
    );
    providers.otherKernelsById.set('gpu', [FAR]);
    const its = await open(true, providers);
    const showFar = async (): Promise<void> => {
      its.button(SHOW)?.click();
      await vi.waitFor(() => {
        expect(its.row('far-1')).toBeDefined();
      });
    };
    return { ...its, providers, showFar };
  };

  it('are not offered without a remote provider', async () => {
    const { button, done, press } = await open(
      true,
      new MockKernelProviders(
        provider('local'),
        provider('old', { state: 'off' })
      )
    );
    expect(button(SHOW)).toBeUndefined();
    press('Escape');
    await done;
  });

  it('are shown on demand, with their status', async () => {
    const { button, row, described, showFar, active, done, press } =
      await openFar();
    expect(row('far-1')).toBeUndefined();

    await showFar();

    expect(row('far-1')).toBe(
      'PConnect to Python 3 (GPU)From another session · Idle · far-1 · 2 connections'
    );
    expect(active()).toBe('{"id":"own-1"}');
    await vi.waitFor(() => {
      expect(button(SHOW)?.parentElement?.textContent).toBe(
        `${SHOW}1 found. 1 provider does not list its kernels.`
      );
    });
    expect(described('shy')).toContain('shy does not list its kernels.');
    press('Escape');
    await done;
  });

  it('are attached before the session connects to them', async () => {
    const { context, providers, showFar, done, press, type } = await openFar();
    await showFar();

    type('far-1');
    press('Enter');
    await done;

    expect(providers.attached).toEqual([['gpu', 'far-1']]);
    expect(context.changeKernel).toHaveBeenCalledWith({
      id: 'far-1-here'
    });
  });

  it('show an error if they cannot be attached', async () => {
    const { context, providers, showFar, done, press, type } = await openFar();
    providers.attach = () => Promise.reject(new Error('It is gone.'));
    await showFar();

    type('far-1');
    press('Enter');
    await vi.waitFor(() => {
      expect(document.querySelector('.jp-Dialog')?.textContent).toContain(
        'It is gone.'
      );
    });
    document.querySelector<HTMLButtonElement>('.jp-mod-reject')?.click();
    await done;

    expect(context.changeKernel).not.toHaveBeenCalled();
  });

  it('cannot be requested if no provider is available', async () => {
    const { button, providers, done, press } = await openFar();
    providers.become(provider('local'), provider('gpu', { state: 'offline' }));
    await vi.waitFor(() => {
      expect(button(SHOW)?.getAttribute('aria-disabled')).toBe('true');
    });

    button(SHOW)?.click();

    expect(button(SHOW)?.parentElement?.textContent).toBe(SHOW);
    press('Escape');
    await done;
  });
});

describe('a kernel in a phase', () => {
  it.each(['starting', 'reconnecting'] as const)(
    'has the status %s, whatever its last status',
    async phase => {
      const { row, done, press } = await open(
        true,
        new MockKernelProviders(
          provider('local'),
          withKernelPhase('gpu', 'other-1', phase)
        )
      );
      const word = { starting: 'Starting', reconnecting: 'Reconnecting' }[
        phase
      ];
      expect(row('other-1')).toContain(` · ${word} · `);
      press('Escape');
      await done;
    }
  );
});

describe('a provider that is added', () => {
  const button = (): HTMLElement | undefined =>
    [...document.querySelectorAll('button')].find(
      ({ textContent }) => textContent === 'Add a Kernel Provider…'
    );

  it('gives the session one of its kernels', async () => {
    const add = vi.fn(() => Promise.resolve('new/python3'));
    const { context, done } = await open(true, undefined, {
      isPossible: () => true,
      add
    });
    button()?.click();
    await done;
    expect(add).toHaveBeenCalledWith('x.ipynb');
    expect(context.changeKernel).toHaveBeenCalledWith({ name: 'new/python3' });
  });

  it('leads back to the dialog if there is none', async () => {
    const { context, done } = await open(true, undefined, {
      isPossible: () => true,
      add: () => Promise.resolve(null)
    });
    const first = document.querySelector('.jp-Dialog');
    button()?.click();
    await vi.waitFor(() => {
      const second = document.querySelector('.jp-Dialog');
      const cancel = second?.querySelector<HTMLElement>('.jp-mod-reject');
      expect(second).not.toBe(first);
      expect(cancel).toBeInstanceOf(HTMLElement);
      cancel?.click();
    });
    await done;
    expect(context.changeKernel).not.toHaveBeenCalled();
  });

  it('is not offered to a user who may not', async () => {
    const { done, press } = await open(true);
    expect(button()).toBeUndefined();
    press('Escape');
    await done;
  });
});
