// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelSpec, Session } from '@jupyterlab/services';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { describe, expect, it } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import { MockKernelProviders, specsOf } from '../../__tests__/mockproviders';
import { PickerModel } from '../model';
import type { Step } from '../model';

interface ISituation {
  /** Names of kernels that can be started. */
  names?: string[];
  running?: Kernel.IModel[];
  /** The kernel of the notebook, with the status of its connection. */
  kernel?: { id: string; name: string; status: Kernel.Status } | null;
  preference?: ISessionContext.IKernelPreference;
  /** Whether the context lists kernels only by sessions. */
  bySessions?: boolean;
}

/** Open the model for a notebook, on a server that a test controls. */
function open(situation: ISituation) {
  const sender = {};
  const signal = (): Signal<object, unknown> => new Signal(sender);
  const server = {
    specs: specsOf(
      ...(situation.names ?? ['python3', 'gpu/python3'])
    ) as KernelSpec.ISpecModels | null,
    running: situation.running ?? [],
    specsChanged: signal(),
    runningChanged: signal(),
    kernelChanged: signal(),
    kernel: situation.kernel ?? null
  };
  const sessions = (): Session.IModel[] =>
    server.running.map(kernel => ({
      id: kernel.id,
      path: `${kernel.id}.ipynb`,
      name: `${kernel.id}.ipynb`,
      type: 'notebook',
      kernel
    }));
  const context = {
    name: 'x.ipynb',
    path: 'x.ipynb',
    kernelPreference: situation.preference ?? { name: 'python3' },
    get session() {
      return (
        server.kernel && { kernel: { ...server.kernel, model: server.kernel } }
      );
    },
    specsManager: {
      get specs() {
        return server.specs;
      },
      specsChanged: server.specsChanged
    },
    kernelManager: situation.bySessions
      ? undefined
      : {
          running: () => server.running.values(),
          runningChanged: server.runningChanged
        },
    sessionManager: {
      running: () => sessions().values(),
      runningChanged: server.runningChanged
    },
    kernelChanged: server.kernelChanged,
    statusChanged: signal(),
    sessionChanged: signal()
  };
  const providers = new MockKernelProviders(provider('local'), provider('gpu'));
  const model = new PickerModel(
    context as unknown as ISessionContext,
    providers
  );
  return { server, providers, model };
}

const OTHER: Kernel.IModel = { id: 'other', name: 'gpu/python3' };
const OWN = { id: 'own', name: 'python3', status: 'idle' } as const;
const START = { name: 'python3' };
const FAR = { name: 'gpu/python3' };

/** Names of ten kernels; `k0` is the default kernel. */
const TEN = Array.from({ length: 10 }, (_, index) => `k${String(index)}`);

function walk(model: PickerModel, ...steps: Step[]): unknown[] {
  return steps.map(step => {
    model.step(step);
    return model.active;
  });
}

describe('the active choice', () => {
  it('is the current kernel at first', () => {
    const { model } = open({ kernel: OWN, running: [OTHER] });
    expect(model.active).toEqual({ id: 'own' });
  });

  it('starts the same kernel again if the current one is dead', () => {
    const { model } = open({
      kernel: { ...OWN, name: 'gpu/python3', status: 'dead' }
    });
    expect(model.active).toEqual(FAR);
  });

  it('stays while providers and kernels come and go', () => {
    const { server, providers, model } = open({ running: [OTHER] });
    model.pick({ id: 'other' });
    model.text = 'python';

    providers.become(provider('gpu', { state: 'offline' }), provider('local'));
    server.specs = specsOf('a', 'python3', 'gpu/python3');
    server.specsChanged.emit(undefined);

    expect(model.active).toEqual({ id: 'other' });
    expect(model.text).toBe('python');
    expect(model.groups[0]?.provider?.state).toBe('offline');
  });

  it('is undefined after the chosen running kernel ended', () => {
    const { server, model } = open({ running: [OTHER] });
    model.pick({ id: 'other' });

    server.running = [];
    server.runningChanged.emit(undefined);

    expect(model.active).toBeUndefined();
  });

  it('follows the catalog while the dialog is open', () => {
    const { server, model } = open({});
    server.specs = null;
    server.specsChanged.emit(undefined);
    expect([model.isKnown, model.active]).toEqual([false, undefined]);

    server.specs = specsOf('python3');
    server.specsChanged.emit(undefined);

    expect([model.isKnown, model.active]).toEqual([true, START]);
  });

  it('is no kernel if kernels may not be started', () => {
    const { model } = open({ preference: { canStart: false } });
    expect([model.canStart, model.active]).toEqual([false, null]);
  });

  it('may be a kernel of a session if kernels cannot be listed', () => {
    const { model } = open({ running: [OTHER], bySessions: true });
    model.text = 'other.ipynb';
    expect(model.active).toEqual({ id: 'other' });
  });
});

describe('other kernels', () => {
  const FOUND: Kernel.IModel = { id: 'far', name: 'gpu/python3' };
  const ATTACH = { id: 'far', provider: 'gpu' };

  it('are not requested automatically', () => {
    const { model, providers } = open({});
    providers.otherKernelsById.set('gpu', [FOUND]);
    expect([model.otherKernelsResult, model.isAsking]).toEqual([null, false]);
    expect(walk(model, 'last')).toEqual([FAR]);
  });

  it('can be chosen after a request', async () => {
    const { model, providers } = open({});
    providers.otherKernelsById.set('gpu', [FOUND]);

    const asked = model.askForOtherKernels();
    expect(model.isAsking).toBe(true);
    await asked;

    expect(model.otherKernelsResult).toEqual({ found: 1, failed: 0 });
    expect(model.isAsking).toBe(false);
    // The choice stays; the other kernel is only scrolled to.
    expect([model.active, model.scrollTarget]).toEqual([START, ATTACH]);
    expect(walk(model, 'last')).toEqual([ATTACH]);
    model.text = 'far';
    expect([model.found, model.active]).toEqual([1, ATTACH]);
  });

  it('are scrolled to until the user moves on', async () => {
    const { model, providers } = open({});
    providers.otherKernelsById.set('gpu', [FOUND]);

    await model.askForOtherKernels();
    model.step('next');
    expect(model.scrollTarget).toEqual(FAR);
    await model.askForOtherKernels();
    model.text = 'python';
    expect(model.scrollTarget).toEqual(FAR);
  });

  it('are requested only from available providers', async () => {
    const { model, providers } = open({});
    const asked: string[] = [];
    providers.otherKernels = id => {
      asked.push(id);
      return Promise.resolve([]);
    };
    providers.become(
      provider('local'),
      provider('gpu', { state: 'slow' }),
      provider('tpu', { state: 'offline' }),
      provider('old', { state: 'off' })
    );

    await model.askForOtherKernels();

    expect(asked).toEqual(['gpu']);
    expect(model.remotes.map(({ id }) => id)).toEqual(['gpu', 'tpu']);
    expect(model.otherKernelsResult).toEqual({ found: 0, failed: 0 });
  });

  it('are shown even if another provider is silent or refuses', async () => {
    const { model, providers } = open({});
    const gate = new PromiseDelegate<Kernel.IModel[]>();
    const ask = providers.otherKernels.bind(providers);
    providers.otherKernelsById.set('gpu', [FOUND]);
    providers.otherKernels = id => (id === 'hung' ? gate.promise : ask(id));
    providers.become(provider('hung'), provider('shy'), provider('gpu'));

    const asked = model.askForOtherKernels();
    await new Promise(resolve => setTimeout(resolve));

    expect(model.otherKernelsResult).toEqual({ found: 1, failed: 1 });
    expect(model.isAsking).toBe(true);
    expect(model.groups.map(({ id, failure }) => [id, failure])).toEqual([
      ['hung', ''],
      ['shy', 'shy does not list its kernels.'],
      ['gpu', ''],
      ['local', '']
    ]);
    gate.resolve([]);
    await asked;
    expect(model.isAsking).toBe(false);
  });

  it('may arrive after the dialog was closed', async () => {
    const { model, providers } = open({});
    providers.otherKernelsById.set('gpu', [FOUND]);

    const asked = model.askForOtherKernels();
    model.dispose();
    await asked;

    expect(model.groups.flatMap(({ rows }) => rows)).toHaveLength(2);
  });
});

describe('the filter', () => {
  it('activates the first match while it hides the choice', () => {
    const { model } = open({});
    model.text = 'gpu';
    expect([model.found, model.active]).toEqual([1, FAR]);

    model.text = '';
    expect(model.active).toEqual(START);
  });

  it('keeps the choice if it matches', () => {
    const { model } = open({ names: TEN, preference: { name: 'k0' } });
    model.pick({ name: 'k5' });
    model.text = 'k';
    expect(model.active).toEqual({ name: 'k5' });
  });

  it('activates nothing while nothing matches, not even no kernel', () => {
    const { model } = open({});
    model.text = 'nowhere';
    expect([model.found, model.active]).toEqual([0, undefined]);
  });

  it('takes back the choice of no kernel', () => {
    const { model } = open({});
    model.pick(null);
    model.text = 'p';
    expect(model.active).toEqual(START);
  });
});

describe('step', () => {
  it('moves by one row, by eight rows and to the ends', () => {
    const { model } = open({ names: TEN, preference: { name: 'k0' } });
    expect(
      walk(model, 'next', 'pageDown', 'pageUp', 'last', 'first', 'previous')
    ).toEqual(['k1', 'k9', 'k1', 'k9', 'k0', 'k0'].map(name => ({ name })));
  });

  it('reaches no kernel only by a single step from the last row', () => {
    const { model } = open({ names: TEN, preference: { name: 'k0' } });
    expect(walk(model, 'last', 'last', 'pageDown', 'next', 'next')).toEqual([
      { name: 'k9' },
      { name: 'k9' },
      { name: 'k9' },
      null,
      null
    ]);
    expect(walk(model, 'pageUp')).toEqual([{ name: 'k2' }]);
  });

  it('starts at the first row if nothing is active', () => {
    const { model } = open({ preference: { name: 'ir', language: 'R' } });
    expect(model.active).toBeUndefined();
    expect(walk(model, 'next')).toEqual([START]);
  });
});
