import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect } from '@jupyterlab/galata';
import type { APIRequestContext } from '@playwright/test';

import { TcpProxy } from './tcpproxy';

export const TOKEN = 'a-token-of-the-tests';

/** Milliseconds that a Kernel Gateway may take to come up on a small machine. */
const START_TIMEOUT = 60 * 1000;

/** A kernelspec of a gateway in addition to `python3`; every kernelspec runs Python. */
export interface IKernelspec {
  name: string;
  displayName: string;
  language: string;
  /** Whether its kernels wait for `letStart`. */
  waits?: boolean;
}

/** A real Kernel Gateway that can be stopped and started again at the same address. */
export class Gateway {
  private constructor(
    readonly id: string,
    readonly port: number,
    private readonly folder: string,
    private readonly declaration: string,
    private readonly request: APIRequestContext
  ) {}

  /**
   * Make a gateway that is neither running nor declared yet.
   *
   * @param request - Playwright's client, with the server's token.
   * @param id - The provider's id.
   * @param kernelspecs - Its kernelspecs in addition to `python3`.
   */
  static async create(
    request: APIRequestContext,
    id: string,
    kernelspecs: readonly IKernelspec[] = []
  ): Promise<Gateway> {
    const folder = await mkdtemp(path.join(tmpdir(), `${id}-`));
    for (const { name, displayName, language, waits } of kernelspecs) {
      const home = path.join(folder, 'kernels', name);
      await mkdir(home, { recursive: true });
      await writeFile(
        path.join(home, 'kernel.json'),
        JSON.stringify({
          argv: waits === true ? late(folder) : AT_ONCE,
          display_name: displayName,
          language
        })
      );
    }
    const declaration = path.join(await declarations(request), `${id}.json`);
    return new Gateway(id, await freePort(), folder, declaration, request);
  }

  /**
   * Start the process, unless it runs already, and wait until it answers.
   *
   * @param options - Options of Kernel Gateway.
   */
  async start(...options: string[]): Promise<void> {
    if (this.process !== null) {
      return;
    }
    this.process = spawn(
      'jupyter',
      [
        'kernelgateway',
        '--KernelGatewayApp.ip=127.0.0.1',
        `--KernelGatewayApp.port=${this.port}`,
        '--KernelGatewayApp.port_retries=0',
        ...options
      ],
      {
        env: {
          ...process.env,
          JUPYTER_PATH: this.folder,
          JUPYTER_CONFIG_PATH: '',
          KG_AUTH_TOKEN: TOKEN,
          KG_ENV_PROCESS_WHITELIST: 'DEMO_PROVIDER',
          DEMO_PROVIDER: this.id
        },
        stdio: 'ignore'
      }
    );
    await expect
      .poll(
        () =>
          fetch(`http://127.0.0.1:${this.port}/api`).then(
            () => true,
            () => false
          ),
        { timeout: START_TIMEOUT }
      )
      .toBe(true);
  }

  /** Stop the process, and its kernels with it. */
  stop(): Promise<void> {
    return this.end('SIGTERM');
  }

  /** Kill the process. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  /** Stop it from answering until it is thawed or killed. */
  freeze(): void {
    this.process?.kill('SIGSTOP');
  }

  /** Let the process go on. */
  thaw(): void {
    this.process?.kill('SIGCONT');
  }

  /**
   * Declare the gateway to the server under test.
   *
   * @param settings - Additional or other fields of the declaration.
   */
  async declare(settings: Record<string, unknown> = {}): Promise<void> {
    await writeFile(
      this.declaration,
      JSON.stringify({
        kind: 'gateway',
        url: `http://127.0.0.1:${this.port}/`,
        token: { value: TOKEN },
        refresh_interval: 1,
        ...settings
      }),
      { mode: 0o600 }
    );
  }

  /** Its address, as people copy it from its log. */
  get address(): string {
    return `http://127.0.0.1:${this.port}/?token=${TOKEN}`;
  }

  /** What is in its file on the server under test; null if there is none. */
  async declared(): Promise<Record<string, unknown> | null> {
    try {
      return JSON.parse(await readFile(this.declaration, 'utf8'));
    } catch {
      return null;
    }
  }

  /** Start a kernel without the server under test; returns its id. */
  async startKernel(name = 'python3'): Promise<string> {
    const body = JSON.stringify({ name });
    const response = await this.ask('', { method: 'POST', body });
    return (await response.json()).id;
  }

  /** Shut down a kernel without the server under test. */
  async stopKernel(id: string): Promise<void> {
    expect((await this.ask(id, { method: 'DELETE' })).status).toBe(204);
  }

  /** Whether the gateway runs a kernel. */
  async hasKernel(id: string): Promise<boolean> {
    return (await this.ask(id)).ok;
  }

  /** Let waiting kernels start. */
  async letStart(): Promise<void> {
    await writeFile(gateIn(this.folder), '');
  }

  /** Open a connection to the gateway that a test can cut. */
  async proxy(): Promise<TcpProxy> {
    const proxy = await TcpProxy.open(this.port);
    this.proxies.push(proxy);
    return proxy;
  }

  /** Remove the declaration, then stop the process, so that later tests do not see it. */
  async dispose(): Promise<void> {
    await rm(this.declaration, { force: true });
    await expect.poll(() => provider(this.request, this.id)).toBeUndefined();
    await this.stop();
    await Promise.all(this.proxies.map(proxy => proxy.cut()));
    await rm(this.folder, { recursive: true, force: true });
  }

  private async ask(id: string, init: RequestInit = {}): Promise<Response> {
    const headers = { Authorization: `token ${TOKEN}` };
    const url = `http://127.0.0.1:${this.port}/api/kernels/${id}`;
    return fetch(url.replace(/\/$/, ''), { ...init, headers });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { process } = this;
    this.process = null;
    if (process !== null && process.exitCode === null) {
      const gone = once(process, 'exit');
      process.kill(signal);
      await gone;
    }
  }

  private process: ChildProcess | null = null;
  private readonly proxies: TcpProxy[] = [];
}

const AT_ONCE = [
  'python',
  '-m',
  'ipykernel_launcher',
  '-f',
  '{connection_file}'
];

/** A command that starts a kernel as soon as a file exists. */
function late(folder: string): string[] {
  const wait = `until [ -e '${gateIn(folder)}' ]; do sleep 0.2; done`;
  const start = 'exec python -m ipykernel_launcher -f "$0"';
  return ['sh', '-c', `${wait}; ${start}`, '{connection_file}'];
}

function gateIn(folder: string): string {
  return path.join(folder, 'gate');
}

/** Fetch a provider of the server under test; undefined if there is none with this id. */
export async function provider(
  request: APIRequestContext,
  id: string
): Promise<{ state: string; source: string } | undefined> {
  const response = await request.get('/api/kernel-providers');
  const { providers } = (await response.json()) as {
    providers: { id: string; state: string; source: string }[];
  };
  return providers.find(candidate => candidate.id === id);
}

/** The folder in which the server under test looks for providers. */
async function declarations(request: APIRequestContext): Promise<string> {
  const demo = await provider(request, 'demo-a');
  if (demo === undefined) {
    throw new Error('The server under test is not the demo.');
  }
  return path.dirname(demo.source);
}

/** Return a port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
