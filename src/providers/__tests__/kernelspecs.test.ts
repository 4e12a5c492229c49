import type { KernelSpec } from '@jupyterlab/services';
import { ServerConnection } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';

import { remoteSpec } from '../../__tests__/fixtures';
import {
  encodeResources,
  ProviderKernelSpecAPIClient,
  ProviderKernelSpecManager
} from '../kernelspecs';

function spec(
  name: string,
  resources: Record<string, string>
): KernelSpec.ISpecModel {
  return {
    name,
    language: 'python',
    display_name: 'Python 3',
    argv: ['python'],
    env: {},
    metadata: {},
    resources
  };
}

const local = spec('python3', {
  'logo-64x64': '/kernelspecs/python3/logo-64x64.png'
});
const encoded = spec('cpu/r', {
  'logo-svg': '/kernelspecs/cpu%2Fr/logo-svg.svg'
});
const raw = spec('gpu/python3', {
  'logo-64x64': '/kernelspecs/gpu/python3/logo-64x64.png',
  'kernel.js': 'https://cdn.example/kernel.js'
});

describe('encodeResources', () => {
  it('copies only what changes', () => {
    const specs: KernelSpec.ISpecModels = {
      default: 'python3',
      kernelspecs: { python3: local, 'cpu/r': encoded, 'gpu/python3': raw }
    };
    const before = structuredClone(specs);

    const result = encodeResources(specs);

    expect(specs).toEqual(before);
    expect(result.default).toBe('python3');
    expect(Object.keys(result.kernelspecs)).toEqual(
      Object.keys(specs.kernelspecs)
    );
    expect(result.kernelspecs.python3).toBe(local);
    expect(result.kernelspecs['cpu/r']).toBe(encoded);
    expect(result.kernelspecs['gpu/python3']).toEqual({
      ...raw,
      resources: {
        'logo-64x64': '/kernelspecs/gpu%2Fpython3/logo-64x64.png',
        'kernel.js': 'https://cdn.example/kernel.js'
      }
    });
  });

  it('returns the same object if nothing changes', () => {
    const specs: KernelSpec.ISpecModels = {
      default: 'python3',
      kernelspecs: { python3: local, 'cpu/r': encoded, gone: undefined }
    };
    expect(encodeResources(specs)).toBe(specs);
  });
});

describe('ProviderKernelSpecAPIClient', () => {
  /** A client of a server at `/user/x/` that answers every request with `body`. */
  function client(status: number, body: unknown) {
    const requested: string[] = [];
    const serverSettings = ServerConnection.makeSettings({
      baseUrl: 'http://localhost/user/x/',
      fetch: request => {
        requested.push(new URL((request as Request).url).pathname);
        return Promise.resolve(new Response(JSON.stringify(body), { status }));
      }
    });
    return {
      requested,
      client: new ProviderKernelSpecAPIClient({ serverSettings })
    };
  }

  it('fetches the kernelspecs and encodes their resource URLs', async () => {
    const { requested, client: api } = client(200, {
      default: 'python3',
      kernelspecs: Object.fromEntries(
        ['python3', 'gpu/python3'].map(name => {
          const { display_name, language, argv, env } = local;
          const logo = `/user/x/kernelspecs/${name}/logo-64x64.png`;
          const details = { display_name, language, argv, env, metadata: {} };
          return [
            name,
            { name, spec: details, resources: { 'logo-64x64': logo } }
          ];
        })
      )
    });

    const specs = await api.get();

    expect(requested).toEqual(['/user/x/api/kernelspecs']);
    expect(specs.kernelspecs.python3?.resources).toEqual({
      'logo-64x64': '/user/x/kernelspecs/python3/logo-64x64.png'
    });
    expect(specs.kernelspecs['gpu/python3']?.resources).toEqual({
      'logo-64x64': '/user/x/kernelspecs/gpu%2Fpython3/logo-64x64.png'
    });
  });

  it('does not let an older answer replace a newer one', async () => {
    const answers: ((name: string) => void)[] = [];
    const api = new ProviderKernelSpecAPIClient({
      serverSettings: ServerConnection.makeSettings({
        baseUrl: 'http://localhost/',
        fetch: () =>
          new Promise(resolve => {
            answers.push(name => {
              const kernelspecs = {
                [name]: { name, spec: spec(name, {}), resources: {} }
              };
              const body = JSON.stringify({ default: name, kernelspecs });
              resolve(new Response(body));
            });
          })
      })
    });
    const older = api.get();
    const newer = api.get();

    answers[1]?.('new');
    expect((await newer).default).toBe('new');
    answers[0]?.('old');

    expect((await older).default).toBe('new');
  });

  it('rejects if the server refuses', async () => {
    const { client: api } = client(403, { message: 'Forbidden' });
    await expect(api.get()).rejects.toMatchObject({
      response: { status: 403 },
      message: expect.stringContaining('Forbidden') as string
    });
  });
});

describe('ProviderKernelSpecManager', () => {
  const details = remoteSpec('gpu', 'GPU farm', 'Python 3');

  /** A manager of a server with one remote kernel. */
  async function manager() {
    const scene = { requests: 0, language: 'python', names: [] as string[] };
    const specs = new ProviderKernelSpecManager({
      serverSettings: ServerConnection.makeSettings({
        baseUrl: 'http://localhost/',
        fetch: async () => {
          scene.requests += 1;
          const { name, resources } = details;
          const spec = { ...details, language: scene.language };
          const kernelspecs = { [name]: { name, spec, resources } };
          await Promise.resolve();
          return new Response(JSON.stringify({ default: name, kernelspecs }));
        }
      }),
      standby: () => true
    });
    specs.specsChanged.connect((_, { kernelspecs }) => {
      scene.names.push(kernelspecs[details.name]?.display_name ?? '');
    });
    await specs.ready;
    return { scene, specs };
  }

  it('changes the display names at once', async () => {
    const { scene, specs } = await manager();
    await specs.setPlacement('prefix');
    expect(scene.names).toEqual(['Python 3 (GPU farm)', 'GPU farm: Python 3']);
    await specs.setPlacement('');
    expect(scene.names.at(-1)).toBe('Python 3 (GPU farm)');
    specs.dispose();
  });

  it('requests nothing if the placement is the same', async () => {
    const { scene, specs } = await manager();
    await specs.setPlacement('');
    expect(scene.requests).toBe(1);
    specs.dispose();
  });

  it('emits nothing if the names are the same', async () => {
    const { scene, specs } = await manager();
    await specs.setPlacement('suffix');
    await specs.refreshSpecs();
    expect(scene.names).toHaveLength(1);
    specs.dispose();
  });

  it('misses no change during a request', async () => {
    const { scene, specs } = await manager();
    const first = specs.refreshSpecs();
    scene.language = 'R';
    const second = specs.refreshSpecs();
    await first;
    await second;
    expect(specs.specs?.kernelspecs[details.name]?.language).toBe('R');
    specs.dispose();
  });

  it('requests even while polling is paused, as on a hidden page', async () => {
    const { scene, specs } = await manager();
    await specs.refreshSpecs();
    expect(scene.requests).toBe(2);
    specs.dispose();
  });
});
