import type {
  ISessionContext,
  ISessionContextDialogs
} from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import type { Kernel, Session } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import { isAvailable } from '../state';
import type { IKernelProviders } from '../tokens';
import {
  isRemote,
  similarKernel,
  startIn,
  switchingOf,
  unavailabilityOf
} from './reason';
import type { IKnown, IRunningKernel, Start, Unavailability } from './reason';

/** Milliseconds that Lab has to reconnect a kernel before the guard does it. */
const GRACE = 1000;

/** Milliseconds after which the guard tries again to connect a blocked kernel. */
const AGAIN = 30_000;

/** Milliseconds after which the user can retry again, as Lab's attempts take minutes. */
const PATIENCE = 5000;

export interface IKernelGuardOptions {
  /** The session of a notebook, not yet initialised. */
  readonly context: ISessionContext;
  readonly providers: IKernelProviders;
  readonly dialogs: ISessionContextDialogs;
  readonly kernels: Pick<Kernel.IManager, 'shutdown'>;
  /** Returns the language of the notebook; empty if unknown. */
  readonly language: () => string;
}

/**
 * Keeps the kernel of a notebook on the provider that the notebook names.
 *
 * If that provider is not available, Lab would start another kernel in the same language,
 * show an error, or ask for another kernel. The guard makes Lab start nothing until the
 * provider is available or the user selects a kernel. If the provider is blocked, kernels
 * are started as usual, and the guard keeps trying to connect them.
 */
export class KernelGuard implements IDisposable {
  constructor(options: IKernelGuardOptions) {
    const { context, providers } = options;
    this._context = context;
    this._providers = providers;
    this._dialogs = options.dialogs;
    this._language = options.language;
    this._kernels = options.kernels;
    context.kernelPreferenceChanged.connect(this._update, this);
    context.kernelChanged.connect(this._onKernelChanged, this);
    context.sessionChanged.connect(this._update, this);
    context.connectionStatusChanged.connect(this._update, this);
    context.specsManager.specsChanged.connect(this._update, this);
    context.disposed.connect(() => {
      this.dispose();
    }, this);
    providers.changed.connect(this._update, this);
    void providers.ready.then(() => {
      this._isReady = true;
      this._update();
    });
    this._update();
  }

  /** Why the notebook cannot use its kernel; null if it can, or the user wants none. */
  get unavailability(): Unavailability | null {
    return this._unavailability;
  }

  /** Whether the notebook has a kernel, even if it cannot be reached. */
  get hasKernel(): boolean {
    return this._kernel !== null;
  }

  /** Whether the kernel starts without the user when its provider is available again. */
  get willStart(): boolean {
    return (
      this._held !== null &&
      this._held.shouldStart !== false &&
      !this._hasHadKernel
    );
  }

  /** The name of a similar kernel of this server; null if there is none. */
  get similar(): string | null {
    const kind = this._unavailability?.kind;
    return this.hasKernel || kind === 'waiting' || kind === 'ended'
      ? null
      : similarKernel(this._name, this._language(), this._known);
  }

  /** Emitted after the properties above may have changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /** Remember that the user wants no kernel, until the notebook has one. */
  decline(): void {
    this._isDeclined = true;
    if (this._held !== null) {
      this._held = { ...this._held, shouldStart: false };
    }
    this._update();
  }

  /**
   * Remember that the kernel ended, until the notebook has another one.
   *
   * @param kernelName - Its name, which Lab's preference does not have if the user has
   * selected the kernel.
   * @param cells - The number of cells that ran or waited.
   */
  end(kernelName: string, cells: number): void {
    this._prefer(kernelName);
    this._ended = { kind: 'ended', since: new Date(), cells };
    this._update();
  }

  /**
   * Start a kernel again after the last one ended.
   *
   * @returns A promise that is fulfilled when it starts, or the user has selected another
   * one; never rejected.
   */
  async startAgain(): Promise<void> {
    // If the kernel does not start, Lab shows the error.
    const mustChoose = await this._context.startKernel().catch(() => false);
    if (mustChoose) {
      await this.choose();
    }
  }

  /**
   * Shut down the kernel that is starting. The notebook keeps the kernel that it has; if it
   * has none, that is as if the user had selected "No Kernel".
   *
   * @param shown - The start that the user saw. Nothing is done if it is over, as the kernel
   * of the notebook would be shut down.
   *
   * @returns A promise that is rejected if the server cannot be reached.
   */
  async cancel(shown: Start): Promise<void> {
    const current = startIn(this._unavailability);
    if (current?.kernelId !== shown.kernelId || current.kind !== shown.kind) {
      return;
    }
    if (current.kind === 'switching') {
      const kept = this._kernel;
      await this._kernels.shutdown(current.kernelId);
      if (kept !== null && kept === this._kernel) {
        // Lab would show the name of the other kernel.
        await this._context.changeKernel({ id: kept.id, name: kept.name });
      }
    } else {
      await this._context.shutdown();
      this.decline();
    }
  }

  /**
   * Try to connect the kernel now, unless it is no longer blocked.
   *
   * @returns A promise that is fulfilled when the kernel is connected, the attempt failed,
   * or the attempt takes long; never rejected.
   */
  async reconnect(): Promise<void> {
    // A connection that works would lose what it is receiving.
    const isBlocked = this._unavailability?.kind === 'blocked';
    const attempt = isBlocked
      ? this._kernel?.reconnect().catch(() => undefined)
      : undefined;
    const isLong = new Promise(resolve => setTimeout(resolve, PATIENCE));
    await Promise.race([attempt, isLong]);
    await this._providers.refresh();
  }

  /** Connect the kernel if it is at this provider, which is blocked and was retried. */
  retried(providerId: string): void {
    const unavailability = this._unavailability;
    if (
      unavailability?.kind === 'blocked' &&
      unavailability.provider.id === providerId
    ) {
      void this.reconnect();
    }
  }

  /**
   * Let the user select a kernel.
   *
   * @param name - The name of the kernel that is selected at first; by default, Lab's.
   *
   * @returns A promise that is fulfilled when the user has selected a kernel or cancelled;
   * never rejected.
   */
  async choose(name?: string): Promise<void> {
    const { name: before, autoStartDefault } = this._context.kernelPreference;
    this._isChoosing = true;
    try {
      this._context.kernelPreference = {
        ...this._context.kernelPreference,
        name: name ?? before,
        // So that the dialog has its checkbox.
        autoStartDefault: autoStartDefault ?? this._held?.autoStartDefault
      };
      await this._dialogs.selectKernel(this._context);
    } catch {
      // The kernel was not started, and Lab has shown the error.
    } finally {
      if (!this._context.isDisposed) {
        this._prefer(before);
      }
      this._isChoosing = false;
      this._follow();
      this._update();
    }
  }

  private get _kernel(): Kernel.IKernelConnection | null {
    return this._context.session?.kernel ?? null;
  }

  private get _running(): IRunningKernel | null {
    const kernel = this._kernel;
    return (
      kernel && {
        id: kernel.id,
        isConnected: kernel.connectionStatus === 'connected'
      }
    );
  }

  /** The name of the current kernel, or else of the preferred one. */
  private get _name(): string {
    return this._kernel?.name ?? this._context.kernelPreference.name ?? '';
  }

  private get _known(): IKnown {
    return {
      providers: this._providers,
      specs: this._context.specsManager.specs,
      isReady: this._isReady,
      hasOthers: PageConfig.getOption('hasKernelProviders') === 'true'
    };
  }

  private readonly _onKernelChanged = (
    _: ISessionContext,
    { newValue }: Session.ISessionConnection.IKernelChangedArgs
  ): void => {
    if (newValue !== null) {
      this._hasHadKernel = true;
      this._isDeclined = false;
      this._ended = null;
    }
    this._follow();
    this._update();
  };

  /** After the user selected another kernel, make later starts start that kernel. */
  private _follow(): void {
    const wanted = this._context.kernelPreference.name ?? '';
    const { specs } = this._context.specsManager;
    const isMissing =
      this._providers.providers.length > 1 &&
      specs !== null &&
      wanted !== '' &&
      specs.kernelspecs[wanted] === undefined;
    const isOurs = isRemote(wanted) || isMissing;
    if (!this._isChoosing && this._kernel !== null && isOurs) {
      this._prefer(this._kernel.name);
    }
  }

  private _prefer(name: string | undefined): void {
    const { kernelPreference } = this._context;
    this._context.kernelPreference = { ...kernelPreference, name };
  }

  private readonly _update = (): void => {
    if (this._isDisposed || this._isChoosing) {
      return;
    }
    const before = this._unavailability;
    const unavailability = unavailabilityOf(
      this._name,
      this._running,
      this._known
    );
    const switching = switchingOf(this._context.session?.id ?? '', this._known);
    this._unavailability = this._isDeclined
      ? null
      : (switching ?? unavailability ?? this._ended);
    const canStart =
      unavailability === null || unavailability.kind === 'blocked';
    if (canStart || this.hasKernel) {
      this._release();
    } else if (!this._context.kernelPreference.id) {
      this._hold();
    }
    if (this._unavailability?.kind === 'gone' && before?.kind !== 'gone') {
      // Perhaps the kernelspecs are only older than the status of the provider.
      void this._context.specsManager.refreshSpecs();
    }
    this._reconnect();
    this._keepTrying();
    this._changed.emit();
  };

  /** Make Lab start nothing. */
  private _hold(): void {
    const preference = this._context.kernelPreference;
    const { shouldStart, autoStartDefault } = preference;
    this._held = {
      shouldStart: this._held === null ? shouldStart : this._held.shouldStart,
      autoStartDefault: autoStartDefault ?? this._held?.autoStartDefault
    };
    this._context.kernelPreference = {
      ...preference,
      shouldStart: false,
      // If it were true, running a cell would start a kernel all the same.
      autoStartDefault: autoStartDefault === true ? undefined : autoStartDefault
    };
  }

  /** Let Lab start kernels again, and start the kernel that would run by now. */
  private _release(): void {
    if (this._held === null) {
      return;
    }
    const { shouldStart, autoStartDefault } = this._held;
    const preference = this._context.kernelPreference;
    this._held = null;
    this._context.kernelPreference = {
      ...preference,
      shouldStart,
      autoStartDefault: preference.autoStartDefault ?? autoStartDefault
    };
    // A context that is not ready starts its kernel when it gets ready. A context without
    // a kernel that does not show "No Kernel" is about to start one.
    const { isReady, hasNoKernel } = this._context;
    const isDue = isReady && hasNoKernel && !this._hasHadKernel;
    if (isDue && shouldStart !== false && preference.canStart !== false) {
      void this._context.startKernel();
    }
  }

  /** Connect a kernel that can be used again, or for the first time. */
  private _reconnect(): void {
    const kernel = this._kernel;
    if (kernel === null || this._unavailability !== null) {
      this._wasUnavailable = kernel !== null;
      return;
    }
    const provider = this._providers.get(this._providers.idOf(kernel.name));
    if (
      this._wasUnavailable &&
      provider !== undefined &&
      isAvailable(provider)
    ) {
      this._wasUnavailable = false;
      setTimeout(() => {
        if (kernel === this._kernel && this._unavailability === null) {
          this._connect(kernel);
        }
      }, GRACE);
    }
  }

  /**
   * Try again to connect a blocked kernel after Lab gave up. Only that shows whether the
   * provider is still blocked.
   */
  private _keepTrying(): void {
    const isGivenUp = (): boolean =>
      this._unavailability?.kind === 'blocked' &&
      this._kernel?.connectionStatus === 'disconnected';
    if (this._isWaiting || !isGivenUp()) {
      return;
    }
    this._isWaiting = true;
    setTimeout(() => {
      this._isWaiting = false;
      if (this._kernel !== null && isGivenUp()) {
        this._connect(this._kernel);
      }
    }, AGAIN);
  }

  private _connect(kernel: Kernel.IKernelConnection): void {
    const isWanted = !kernel.isDisposed && !this._context.isTerminating;
    // Lab retries at growing intervals, and finally gives up.
    if (isWanted && kernel.connectionStatus !== 'connected') {
      // If it fails, the status of the kernel shows that.
      kernel.reconnect().catch(() => undefined);
    }
  }

  private readonly _context: ISessionContext;
  private readonly _providers: IKernelProviders;
  private readonly _dialogs: ISessionContextDialogs;
  private readonly _language: () => string;
  private readonly _kernels: IKernelGuardOptions['kernels'];
  private readonly _changed = new Signal<this, void>(this);
  private _unavailability: Unavailability | null = null;
  /** The preferences that were changed so that nothing is started. */
  private _held: Pick<
    ISessionContext.IKernelPreference,
    'shouldStart' | 'autoStartDefault'
  > | null = null;
  /** Set from the end of a kernel to the start of the next one. */
  private _ended: Unavailability | null = null;
  private _isReady = false;
  private _isChoosing = false;
  private _hasHadKernel = false;
  private _isDeclined = false;
  private _wasUnavailable = false;
  /** Whether a blocked kernel will be connected again. */
  private _isWaiting = false;
  private _isDisposed = false;
}
