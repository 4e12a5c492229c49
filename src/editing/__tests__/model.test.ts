// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { Refusal, SAVED } from '../../providers';
import type { IDeclared, IProbe, Settings } from '../../providers';
import { ProviderFormModel } from '../model';
import type { IProviderFormOptions } from '../model';

const ONLINE: IProbe = {
  state: 'online',
  reason: '',
  detail: '',
  message: '',
  field: '',
  kernels: 8,
  server: 'Jupyter Server 2.21.0',
  latency_ms: 38,
  warnings: []
};
const REFUSED: IProbe = {
  ...ONLINE,
  state: 'offline',
  reason: 'refused',
  message: 'gpu refuses connections.',
  field: 'url',
  kernels: 0,
  server: '',
  latency_ms: null
};
const DECLARED: IDeclared = {
  id: 'gpu',
  label: 'GPU farm',
  settings: { url: 'https://gpu/', token: SAVED },
  revision: 'r1'
};

/** The server's part, which records its calls and gives the answers of a test. */
class Server {
  answers: (IProbe | Error)[] = [];
  refusal: Error | null = null;
  present = DECLARED;
  readonly tested: [string, Settings][] = [];
  readonly added: [string, Settings][] = [];
  readonly changed: [string, Settings, string | null][] = [];

  test(id: string, settings: Settings): Promise<IProbe> {
    this.tested.push([id, settings]);
    const answer = this.answers.shift() ?? ONLINE;
    return answer instanceof Error
      ? Promise.reject(answer)
      : Promise.resolve(answer);
  }

  add(id: string, settings: Settings): Promise<IDeclared> {
    this.added.push([id, settings]);
    return this._answer();
  }

  change(
    id: string,
    settings: Settings,
    revision: string | null
  ): Promise<IDeclared> {
    this.changed.push([id, settings, revision]);
    return this._answer();
  }

  get(): Promise<IDeclared> {
    return Promise.resolve(this.present);
  }

  private _answer(): Promise<IDeclared> {
    return this.refusal === null
      ? Promise.resolve(DECLARED)
      : Promise.reject(this.refusal);
  }
}

function modelOf(
  server: Server,
  more: Partial<IProviderFormOptions> = {}
): ProviderFormModel {
  return new ProviderFormModel({
    declarations: server,
    schema: {},
    trans: nullTranslator.load(''),
    declared: null,
    ...more
  });
}

describe('a new provider', () => {
  it('is tested before it is added', async () => {
    const server = new Server();
    const model = modelOf(server);
    model.settings = { url: 'https://gpu/' };
    expect(await model.save()).toBe(DECLARED);
    expect(server.tested).toEqual([['', { url: 'https://gpu/' }]]);
    expect(server.added).toEqual([['', { url: 'https://gpu/' }]]);
  });

  it('is not added if the test fails, unless the user insists', async () => {
    const server = new Server();
    server.answers = [REFUSED];
    const model = modelOf(server);
    model.settings = { url: 'https://gpu/', label: 'GPU farm' };
    expect(await model.save()).toBeNull();
    expect(server.added).toEqual([]);
    expect(model.isDoubtful).toBe(true);
    expect(model.failure).toEqual({
      message: 'GPU farm refuses connections.',
      reason: 'refused',
      field: 'url'
    });
    expect(model.settings).toEqual({ url: 'https://gpu/', label: 'GPU farm' });
    expect(await model.save()).toBe(DECLARED);
    expect(server.added).toHaveLength(1);
  });

  it('is tested again after a change', async () => {
    const server = new Server();
    server.answers = [REFUSED, ONLINE];
    const model = modelOf(server);
    model.settings = { url: 'https://gpu/' };
    await model.test();
    model.settings = { url: 'https://gpu:8888/' };
    expect(model.failure).toBeNull();
    expect(model.found).toBeNull();
    await model.save();
    expect(server.tested).toHaveLength(2);
  });

  it('is understood by an address that was copied from a browser', () => {
    const model = modelOf(new Server(), {
      settings: { url: 'https://gpu/user/ada/lab/tree/a.ipynb?token=abc' }
    });
    expect(model.settings).toEqual({
      url: 'https://gpu/user/ada/',
      token: { value: 'abc' }
    });
    model.settings = { url: 'https://gpu:8888/lab?token=b', label: 'x' };
    // It may be the beginning of a longer one.
    expect(model.settings['url']).toBe('https://gpu:8888/lab?token=b');
    model.understand();
    expect(model.settings).toEqual({
      url: 'https://gpu:8888/',
      label: 'x',
      token: { value: 'b' }
    });
    expect(model.defaultLabel).toBe('gpu:8888');
    expect(model.label).toBe('x');
  });

  it('says what the server refuses, and keeps what was typed', async () => {
    const server = new Server();
    server.refusal = new Refusal('There is one already.', 'exists', 'id');
    const model = modelOf(server);
    model.settings = { url: 'https://gpu/' };
    model.id = 'gpu';
    expect(await model.save()).toBeNull();
    expect(model.failure).toMatchObject({ reason: 'exists', field: 'id' });
    expect(model.id).toBe('gpu');
    expect(model.busy).toBeNull();
  });

  it('says that this server cannot be reached', async () => {
    const server = new Server();
    server.answers = [new TypeError('Failed to fetch')];
    const model = modelOf(server);
    expect(await model.test()).toBe(false);
    expect(model.failure?.message).toBe('Failed to fetch');
  });

  it('is understood before it is tested or added', async () => {
    for (const act of ['test', 'save'] as const) {
      const server = new Server();
      const model = modelOf(server);
      model.settings = { url: 'https://gpu/lab' };
      await model[act]();
      expect(server.tested).toEqual([['', { url: 'https://gpu/' }]]);
    }
  });

  it('is not added after the user has cancelled', async () => {
    const server = new Server();
    const model = modelOf(server);
    const saving = model.save();
    model.dispose();
    expect(await saving).toBeNull();
    expect(server.added).toEqual([]);
  });

  it('does one thing at a time', async () => {
    const server = new Server();
    const model = modelOf(server);
    const testing = model.test();
    expect(model.busy).toBe('testing');
    expect(await model.save()).toBeNull();
    await testing;
    expect(server.added).toEqual([]);
  });

  it('forgets an answer about what was typed before', async () => {
    const model = modelOf(new Server());
    model.settings = { url: 'https://gpu/' };
    const testing = model.test();
    model.settings = { url: 'https://other/' };
    await testing;
    expect(model.found).toBeNull();
  });
});

describe('a provider that is there', () => {
  it('is changed from the revision that was read', async () => {
    const server = new Server();
    const model = modelOf(server, { declared: DECLARED });
    expect(model.settings).toEqual(DECLARED.settings);
    model.settings = { ...model.settings, label: 'GPUs' };
    expect(await model.save()).toBe(DECLARED);
    const settings = { ...DECLARED.settings, label: 'GPUs' };
    expect(server.tested).toEqual([['gpu', settings]]);
    expect(server.changed).toEqual([['gpu', settings, 'r1']]);
  });

  it('is read again if another page has changed it', async () => {
    const server = new Server();
    server.refusal = new Refusal('It has changed.', 'stale', '');
    const model = modelOf(server, { declared: DECLARED });
    expect(await model.save()).toBeNull();
    expect(model.failure?.reason).toBe('stale');
    server.present = { ...DECLARED, settings: { url: 'x' }, revision: 'r2' };
    server.refusal = null;
    await model.reload();
    expect(model.failure).toBeNull();
    expect(model.settings).toEqual({ url: 'x' });
    await model.save();
    expect(server.changed.at(-1)).toEqual(['gpu', { url: 'x' }, 'r2']);
  });
});
