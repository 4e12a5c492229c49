import { SessionContext } from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelSpec, Session } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

/** A server for JupyterLab's sessions that records which kernels it should start. */
export class MockServer {
  constructor(specs: KernelSpec.ISpecModels | null) {
    this.specs = specs;
  }

  specs: KernelSpec.ISpecModels | null;
  readonly specsChanged = new Signal<this, void>(this);
  /** Names of started kernels, or ids of connected ones, in order. */
  readonly started: string[] = [];
  /** How often the kernelspecs were refreshed. */
  refreshed = 0;
  /** The connection status of kernels. */
  connectionStatus: Kernel.ConnectionStatus = 'connected';
  /** How often a kernel was reconnected. */
  reconnected = 0;
  /** The result of shutting down a session. */
  shutdown = (): Promise<void> => Promise.resolve();

  /** Change the connection status of kernels, and emit that. */
  become(status: Kernel.ConnectionStatus): void {
    this.connectionStatus = status;
    this._connectionStatusChanged.emit(status);
  }

  /** End all sessions, as if the server lost their kernels. */
  end(): void {
    this._disposed.emit();
  }

  /** Make a notebook's session with stock behaviour, not yet initialised. */
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
  private readonly _connectionStatusChanged = new Signal<
    this,
    Kernel.ConnectionStatus
  >(this);

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
      connectionStatusChanged: this._connectionStatusChanged,
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
