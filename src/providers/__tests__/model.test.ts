import { ServerConnection } from '@jupyterlab/services';
import type { KernelSpec } from '@jupyterlab/services';
import { PromiseDelegate } from '@lumino/coreutils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  provider,
  providerJSON,
  remoteSpec,
  spec
} from '../../__tests__/fixtures';
import { DEFAULT_PREFERENCES, inOrder, KernelProviders } from '../model';
import type { IProvidersJSON } from '../rest';

/** A server at `/user/x/` with a companion, and the model that asks it. */
class Scene {
  json: IProvidersJSON = {
    default: 'local',
    template: '{kernel} ({provider})',
    providers: [providerJSON('gpu'), providerJSON('local')],
    problems: []
  };
  /** Answers wait for it, unless it is null. */
  gate: PromiseDelegate<void> | null = null;
  readonly requests: string[] = [];
  /** The body of the last request. */
  sent = '';
  /** The answer about kernels of a provider. */
  kernels: unknown = null;
  readonly refreshSpecs = vi.fn(() => Promise.resolve());
  readonly changes: number[] = [];
  readonly model: KernelProviders;

  constructor(
    public status = 200,
    localLabel = 'This server'
  ) {
    const specs = {
      refreshSpecs: this.refreshSpecs,
      specs: {
        default: 'python3',
        kernelspecs: {
          python3: spec('python3', 'Python 3'),
          'gpu/python3': remoteSpec('gpu', 'GPU', 'Python 3')
        }
      }
    };
    this.model = new KernelProviders(
      ServerConnection.makeSettings({
        baseUrl: 'http://localhost/user/x/',
        fetch: request => this.answer(request as Request)
      }),
      specs as unknown as KernelSpec.IManager,
      'never',
      localLabel
    );
    this.model.changed.connect(() => {
      this.changes.push(this.requests.length);
    });
  }

  private async answer(request: Request): Promise<Response> {
    const { method, url } = request;
    const { pathname } = new URL(url);
    this.requests.push(`${method} ${pathname}`);
    // The answer is made when the request arrives.
    const { status } = this;
    const body = JSON.stringify(
      pathname.endsWith('/kernels')
        ? this.kernels
        : method === 'POST'
          ? this.json.providers[0]
          : this.json
    );
    this.sent = await request.text();
    await this.gate?.promise;
    return new Response(body, { status });
  }
}

const GET = 'GET /user/x/api/kernel-providers';

let scene: Scene;

beforeEach(async () => {
  vi.useFakeTimers();
  scene = new Scene();
  await scene.model.ready;
});

afterEach(() => {
  scene.model.dispose();
  vi.useRealTimers();
});

describe('KernelProviders', () => {
  it('has no providers before the server answers', async () => {
    const other = new Scene();
    expect(other.model.providers).toEqual([]);
    expect(other.model.idOf('gpu/ir')).toBe('gpu');
    expect(other.model.idOf('ir')).toBe('local');
    await other.model.ready;
    expect(other.model.providers).toHaveLength(2);
    other.model.dispose();
  });

  it('is ready after one answer, with this server first', () => {
    expect(scene.requests).toEqual([GET]);
    expect(scene.changes).toEqual([1]);
    expect(scene.model.providers.map(({ id }) => id)).toEqual(['local', 'gpu']);
    expect(scene.model.get('gpu')).toMatchObject({ label: 'gpu', latency: 42 });
    expect(scene.model.get('cpu')).toBeUndefined();
    expect(scene.model.template).toBe('{kernel} ({provider})');
  });

  it.each([404, 500])('is ready without an answer: %i', async status => {
    const other = new Scene(status);
    await other.model.ready;
    expect(other.model.providers).toEqual([]);
    expect(other.model.hasCompanion).toBe(status !== 404);
    other.model.dispose();
  });

  it('emits a change when the server gets its companion', async () => {
    const other = new Scene(404);
    await other.model.ready;
    other.status = 200;
    await other.model.refresh();
    expect(other.model.hasCompanion).toBe(true);
    expect(other.changes).not.toEqual([]);
    other.model.dispose();
  });

  it('emits a change when a provider changes, and only then', async () => {
    const [gpu, local] = scene.json.providers;
    if (gpu === undefined || local === undefined) {
      throw new Error('No providers.');
    }
    scene.json.providers = [
      { ...gpu, latency_ms: 7, last_seen: '2026-05-04T10:00:00Z' },
      local
    ];
    await scene.model.refresh();
    expect(scene.changes).toHaveLength(1);
    expect(scene.model.get('gpu')?.latency).toBe(7);

    scene.json.providers = [{ ...gpu, state: 'offline', retry_in: 30 }, local];
    await scene.model.refresh();
    expect(scene.changes).toHaveLength(2);

    scene.json.problems = [{ id: 'x', source: 'x.json', message: 'Bad.' }];
    await scene.model.refresh();
    expect(scene.changes).toHaveLength(3);
    expect(scene.model.problems).toEqual(scene.json.problems);
  });

  it('has the warnings of a provider; older servers send none', async () => {
    const warnings = ['Its certificate is not checked.'];
    scene.json.providers = [
      providerJSON('gpu', { warnings }),
      providerJSON('cpu')
    ];
    await scene.model.refresh();
    expect(scene.model.get('gpu')?.warnings).toEqual(warnings);
    expect(scene.model.get('cpu')?.warnings).toEqual([]);
  });

  it('emits no change while a blocked provider answers', async () => {
    const blocked = providerJSON('gpu', { state: 'blocked', retry_in: 30 });
    scene.json.providers = [blocked];
    await scene.model.refresh();
    const before = scene.changes.length;
    scene.json.providers = [
      { ...blocked, latency_ms: 7, last_seen: '2026-05-04T10:00:00Z' }
    ];
    await scene.model.refresh();
    expect(scene.changes).toHaveLength(before);
    expect(scene.model.get('gpu')?.retryAt).toBeNull();
  });

  it("has retry times by the browser's clock", async () => {
    vi.setSystemTime('2030-01-01T00:00:00Z');
    scene.json.providers = [
      providerJSON('gpu', { state: 'offline', retry_in: 30 }),
      providerJSON('cpu', { retry_in: 30, last_seen: null })
    ];
    await scene.model.refresh();
    expect(scene.model.get('gpu')?.retryAt).toEqual(
      new Date('2030-01-01T00:00:30Z')
    );
    expect(scene.model.get('cpu')).toMatchObject({
      retryAt: null,
      lastSeen: null
    });
  });

  it('has the phases of kernels, until they end', async () => {
    expect(scene.model.get('gpu')?.kernelPhases).toEqual([]);
    const since = '2026-05-04T09:30:00Z';
    const phases = [
      {
        kernel_id: 'a',
        phase: 'starting' as const,
        since,
        kernel_name: 'gpu/python3',
        session_id: 'its-session'
      },
      { kernel_id: 'b', phase: 'reconnecting' as const, since }
    ];
    scene.json.providers = [providerJSON('gpu', { kernel_phases: phases })];
    await scene.model.refresh();
    expect(scene.model.get('gpu')?.kernelPhases).toEqual([
      {
        kernelId: 'a',
        kernelName: 'gpu/python3',
        phase: 'starting',
        since: new Date(since),
        sessionId: 'its-session'
      },
      {
        kernelId: 'b',
        kernelName: '',
        phase: 'reconnecting',
        since: new Date(since),
        sessionId: ''
      }
    ]);
    expect(scene.changes).toHaveLength(2);

    scene.json.providers = [providerJSON('gpu', { kernel_phases: [] })];
    await scene.model.refresh();
    expect(scene.model.get('gpu')?.kernelPhases).toEqual([]);
    expect(scene.changes).toHaveLength(3);
  });

  it('lists and attaches other kernels', async () => {
    const kernel = { id: 'a', name: 'gpu/python3' };
    scene.kernels = { kernels: [kernel] };
    expect(await scene.model.otherKernels('gpu farm')).toEqual([kernel]);

    scene.kernels = kernel;
    expect(await scene.model.attach('gpu farm', 'a')).toEqual(kernel);
    expect(JSON.parse(scene.sent)).toEqual({ id: 'a' });
    expect(scene.requests.slice(1)).toEqual([
      'GET /user/x/api/kernel-providers/gpu%20farm/kernels',
      'POST /user/x/api/kernel-providers/gpu%20farm/kernels'
    ]);
  });

  it("rejects with the server's message if it cannot list them", async () => {
    scene.status = 502;
    scene.kernels = { message: 'gpu does not list its kernels.' };
    const words = 'gpu does not list its kernels.';
    await expect(scene.model.otherKernels('gpu')).rejects.toThrow(words);
    await expect(scene.model.attach('gpu', 'a')).rejects.toThrow(words);
  });

  it('keeps its providers while the server is away', async () => {
    scene.status = 503;
    await scene.model.refresh();
    expect(scene.model.providers).toHaveLength(2);
    expect(scene.changes).toHaveLength(1);
  });

  it('misses no change during a request', async () => {
    scene.gate = new PromiseDelegate();
    const first = scene.model.refresh();
    scene.json.providers = [providerJSON('gpu', { state: 'offline' })];
    const second = scene.model.refresh();
    scene.gate.resolve();
    await first;
    expect(scene.model.get('gpu')?.state).toBe('online');
    await second;
    expect(scene.model.get('gpu')?.state).toBe('offline');
  });

  it('retries a provider, and then fetches its state', async () => {
    scene.json.providers = [providerJSON('gpu', { state: 'slow' })];
    await scene.model.retry('gpu farm');
    expect(scene.requests.slice(1)).toEqual([
      'POST /user/x/api/kernel-providers/gpu%20farm/retry',
      GET
    ]);
    expect(scene.model.get('gpu')?.state).toBe('slow');
    expect(scene.refreshSpecs).toHaveBeenCalledOnce();
  });

  it('rejects a retry if the server refuses', async () => {
    scene.status = 403;
    await expect(scene.model.retry('gpu')).rejects.toBeInstanceOf(
      ServerConnection.ResponseError
    );
  });

  it('ignores a failure to refresh the kernelspecs after a retry', async () => {
    scene.refreshSpecs.mockRejectedValue(new Error('away'));
    await expect(scene.model.retry('gpu')).resolves.toBeUndefined();
  });

  it.each(['none', 'stale'] as const)(
    'refreshes the kernelspecs without an event if a provider with %s ones has new ones',
    async kernelspecs => {
      scene.json.providers = [providerJSON('gpu', { kernelspecs })];
      await scene.model.refresh();
      expect(scene.refreshSpecs).not.toHaveBeenCalled();

      scene.json.providers = [providerJSON('gpu')];
      await scene.model.refresh();
      await scene.model.refresh();

      expect(scene.refreshSpecs).toHaveBeenCalledOnce();
    }
  );

  it('names this server in the language of the user', async () => {
    const other = new Scene(200, 'Dieser Server');
    await other.model.ready;
    expect(other.model.providers.map(({ label }) => label)).toEqual([
      'Dieser Server',
      'gpu'
    ]);
    other.model.dispose();
  });

  it('ignores an answer after it was disposed', async () => {
    const providers = scene.model.providers;
    scene.gate = new PromiseDelegate();
    scene.json.providers = [];
    const refreshed = scene.model.refresh();
    scene.model.dispose();
    scene.gate.resolve();
    await refreshed;
    expect(scene.model.providers).toBe(providers);
  });
});

describe('KernelProviders.idOf', () => {
  it.each([
    ['python3', 'local'],
    ['gpu/python3', 'gpu'],
    ['unknown/python3', 'unknown'],
    ['hub/gpu/python3', 'hub'],
    ['unknown', 'local']
  ])('returns for %s the provider %s', (name, id) => {
    expect(scene.model.idOf(name)).toBe(id);
  });

  it('returns the default provider for names without a prefix', async () => {
    scene.json.default = 'gateway';
    await scene.model.refresh();
    expect(scene.model.idOf('python3')).toBe('gateway');
    expect(scene.model.idOf('unknown')).toBe('gateway');
    expect(scene.model.idOf('gpu/python3')).toBe('gpu');
  });
});

describe('the polling of KernelProviders', () => {
  /** The number of requests within some seconds. */
  const requestsWithin = async (seconds: number): Promise<number> => {
    const before = scene.requests.length;
    await vi.advanceTimersByTimeAsync(1000 * seconds);
    return scene.requests.length - before;
  };

  it('requests once a minute', async () => {
    expect(await requestsWithin(59)).toBe(0);
    expect(await requestsWithin(62)).toBe(2);
  });

  it('requests more often while a provider is not available', async () => {
    scene.json.providers = [
      providerJSON('gpu', { state: 'offline', retry_in: 30 })
    ];
    await requestsWithin(61);
    expect(await requestsWithin(31)).toBe(3);
  });

  it('requests more often while a kernel has a phase', async () => {
    const since = '2026-05-04T09:30:00Z';
    const phases = [{ kernel_id: 'a', phase: 'starting' as const, since }];
    scene.json.providers = [providerJSON('gpu', { kernel_phases: phases })];
    await requestsWithin(61);
    expect(await requestsWithin(31)).toBe(3);
  });

  it('follows the setting at once', async () => {
    scene.model.preferences = { ...DEFAULT_PREFERENCES, checkInterval: 5 };
    expect(await requestsWithin(1)).toBe(1);
    expect(await requestsWithin(10)).toBe(2);
  });

  it('does not request because of other settings', async () => {
    scene.model.preferences = { ...DEFAULT_PREFERENCES, sections: false };
    expect(await requestsWithin(1)).toBe(0);
  });

  it('stops after it was disposed', async () => {
    scene.model.dispose();
    expect(await requestsWithin(600)).toBe(0);
  });
});

describe('KernelProviders.preferences', () => {
  it('puts the providers into the order of the user, and emits a change', () => {
    const order = ['gpu', 'local'];
    scene.model.preferences = { ...DEFAULT_PREFERENCES, order };
    expect(scene.model.providers.map(({ id }) => id)).toEqual(order);
    expect(scene.changes).toHaveLength(2);
  });

  it('keeps that order in later answers', async () => {
    const order = ['gpu', 'local'];
    scene.model.preferences = { ...DEFAULT_PREFERENCES, order };
    await scene.model.refresh();
    expect(scene.model.providers.map(({ id }) => id)).toEqual(order);
  });
});

describe('inOrder', () => {
  const providers = ['a', 'b', 'local', 'c'].map(id => provider(id));

  it.each([
    [[], ['local', 'a', 'b', 'c']],
    [['c'], ['local', 'c', 'a', 'b']],
    [
      ['c', 'local', 'a'],
      ['c', 'local', 'a', 'b']
    ],
    [
      ['gone', 'b'],
      ['local', 'b', 'a', 'c']
    ]
  ])('orders by %j', (order, ids) => {
    expect(inOrder(providers, order).map(({ id }) => id)).toEqual(ids);
  });

  it('does not change its arguments', () => {
    const before = [...providers];
    inOrder(providers, ['c', 'b']);
    expect(providers).toEqual(before);
  });
});

describe('starred kernels', () => {
  it('are saved in the order in which they were starred', async () => {
    const { model } = new Scene();
    const saved: (readonly string[])[] = [];
    model.saveStarred = names => {
      saved.push(names);
      return Promise.resolve();
    };
    await model.star('gpu/a', true);
    await model.star('gpu/b', true);
    await model.star('gpu/a', true);
    expect(model.preferences.starred).toEqual(['gpu/b', 'gpu/a']);
    await model.star('gpu/b', false);
    expect(saved.at(-1)).toEqual(['gpu/a']);
    expect(model.preferences.starred).toEqual(['gpu/a']);
  });
});

describe('recent kernels', () => {
  it('are those of the server; servers of older versions tell of none', async () => {
    const scene = new Scene();
    await scene.model.ready;
    expect(scene.model.recent).toEqual([]);
    scene.json = { ...scene.json, recent: ['gpu/a'] };
    await scene.model.refresh();
    expect(scene.model.recent).toEqual(['gpu/a']);
  });
});
