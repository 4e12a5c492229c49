import { SessionContext } from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelSpec, Session } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

/** A server as JupyterLab's sessions see it, which notes what kernels it is to start. */
export class FakeServer {
  constructor(specs: KernelSpec.ISpecModels | null) {
    this.specs = specs;
  }

  specs: KernelSpec.ISpecModels | null;
  readonly specsChanged = new Signal<this, void>(this);
  /** Names of the kernels that were started, or ids of those attached to, in order. */
  readonly started: string[] = [];
  /** How often the kernelspecs were asked for. */
  refreshed = 0;
  /** What kernels in reach are like. */
  connectionStatus: Kernel.ConnectionStatus = 'connected';
  /** How often a kernel was connected again. */
  reconnected = 0;
  /** What becomes of a session that is to be shut down. */
  shutdown = (): Promise<void> => Promise.resolve();

  /** End all sessions, as a server does that has lost their kernels. */
  end(): void {
    this._disposed.emit();
  }

  /** A notebook's session with stock behaviour, not yet initialised. */
  session(preference: ISessionContext.IKernelPreference): SessionContext {
    return new SessionContext({
      sessionManager: this._sessions as unknown as Session.IManager,
      specsManager: this as unknown as KernelSpec.IManager,
      path: 'a.ipynb',
      kernelPreference: { shouldStart: true, canStart: true, ...preference }
    });
  }

  refreshSpecs(): Promise<void> {
    this.refreshed += 1;
    return Promise.resolve();
  }

  private readonly _disposed = new Signal<this, void>(this);

  private get _sessions(): object {
    return {
      ready: Promise.resolve(),
      refreshRunning: () => Promise.resolve(),
      running: () => [].values(),
      startNew: async ({ kernel, ...options }: Session.ISessionOptions) => {
        const session = this._start({ ...options, name: '' }, kernel ?? {});
        await new Promise(resolve => setTimeout(resolve));
        return session;
      }
    };
  }

  private _start(options: object, model: Partial<Kernel.IModel>): object {
    this.started.push(model.id ?? model.name ?? '');
    const kernel = this._kernel(model);
    const session = { ...options, isDisposed: false };
    const signal = new Signal<object, unknown>(session);
    return Object.assign(session, {
      id: String(this.started.length),
      kernel,
      disposed: this._disposed,
      propertyChanged: signal,
      kernelChanged: new Signal<object, unknown>(session),
      statusChanged: signal,
      connectionStatusChanged: signal,
      pendingInput: signal,
      iopubMessage: signal,
      unhandledMessage: signal,
      setPath: () => Promise.resolve(),
      setName: () => Promise.resolve(),
      shutdown: () => this.shutdown(),
      dispose: () => undefined
    });
  }

  private _kernel({ id, name }: Partial<Kernel.IModel>): object {
    const reconnect = (): Promise<void> => {
      this.reconnected += 1;
      return Promise.resolve();
    };
    const connectionStatus = (): Kernel.ConnectionStatus =>
      this.connectionStatus;
    return {
      id: id ?? `kernel-${String(this.started.length)}`,
      name: name ?? 'gpu/python3',
      status: 'idle',
      isDisposed: false,
      reconnect,
      get connectionStatus() {
        return connectionStatus();
      }
    };
  }
}
