import type {
  ISessionContext,
  ISessionContextDialogs
} from '@jupyterlab/apputils';
import type { Kernel, Session } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import { isRemote, similarKernel, troubleOf } from './reason';
import type { IKnown, Trouble } from './reason';
import { isWell } from '../providers/model';
import type { IKernelProviders } from '../tokens';

/** Milliseconds that a kernel which can be used gets to be connected by Lab. */
const GRACE = 1000;

/** What a guard needs. */
export interface IKernelGuardOptions {
  /** The session of a notebook, not yet initialised. */
  readonly context: ISessionContext;
  readonly providers: IKernelProviders;
  readonly dialogs: ISessionContextDialogs;
  /** The language of the notebook; empty if that is not known. */
  readonly language: () => string;
}

/**
 * Keeps the kernel of a notebook on the provider that the notebook names.
 *
 * Where that provider cannot be used, Lab would start another kernel in the same
 * language, tell of an error, or ask for another kernel. The guard has it start
 * nothing until the provider is back or the user has chosen a kernel.
 */
export class KernelGuard implements IDisposable {
  constructor(options: IKernelGuardOptions) {
    const { context, providers } = options;
    this._context = context;
    this._providers = providers;
    this._dialogs = options.dialogs;
    this._language = options.language;
    context.kernelPreferenceChanged.connect(this._look, this);
    context.kernelChanged.connect(this._onKernelChanged, this);
    context.sessionChanged.connect(this._look, this);
    context.specsManager.specsChanged.connect(this._look, this);
    context.disposed.connect(() => {
      this.dispose();
    }, this);
    providers.changed.connect(this._look, this);
    void providers.ready.then(() => {
      this._isReady = true;
      this._look();
    });
    this._look();
  }

  /** Why the notebook cannot use its kernel; null if it can, or wants none. */
  get trouble(): Trouble | null {
    return this._trouble;
  }

  /** Whether the notebook has a kernel, in reach or not. */
  get hasKernel(): boolean {
    return this._kernel !== null;
  }

  /** The name of a kernel of this server that could do instead; null if there is none. */
  get similar(): string | null {
    return this.hasKernel || this._trouble?.kind === 'waiting'
      ? null
      : similarKernel(this._name, this._language(), this._known);
  }

  /** Emitted after the trouble, or what is known about it, may have changed. */
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

  /** Take it that the user wants no kernel, until there is one. */
  decline(): void {
    this._isDeclined = true;
    if (this._held !== null) {
      this._held = { ...this._held, shouldStart: false };
    }
    this._look();
  }

  /**
   * Do without the kernel that is starting, as a user does who chooses no kernel.
   *
   * @returns A promise that is rejected if the server cannot be told.
   */
  async cancel(): Promise<void> {
    await this._context.shutdown();
    this.decline();
  }

  /**
   * Let the user choose a kernel.
   *
   * @param name - The name of the kernel to propose; without it, what Lab proposes.
   *
   * @returns A promise that is fulfilled when the user has chosen, or has not.
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
      // The kernel was not started, and Lab has told the user so.
    } finally {
      if (!this._context.isDisposed) {
        this._prefer(before);
      }
      this._isChoosing = false;
      this._follow();
      this._look();
    }
  }

  private get _kernel(): Kernel.IKernelConnection | null {
    return this._context.session?.kernel ?? null;
  }

  /** The name of the kernel that the notebook has, or else wants. */
  private get _name(): string {
    return this._kernel?.name ?? this._context.kernelPreference.name ?? '';
  }

  private get _known(): IKnown {
    return {
      providers: this._providers,
      specs: this._context.specsManager.specs,
      isReady: this._isReady
    };
  }

  private readonly _onKernelChanged = (
    _: ISessionContext,
    { newValue }: Session.ISessionConnection.IKernelChangedArgs
  ): void => {
    if (newValue !== null) {
      this._hasHadKernel = true;
      this._isDeclined = false;
    }
    this._follow();
    this._look();
  };

  /** After another kernel was chosen: a later start is to start that one. */
  private _follow(): void {
    const wanted = this._context.kernelPreference.name ?? '';
    if (!this._isChoosing && this._kernel !== null && isRemote(wanted)) {
      this._prefer(this._kernel.name);
    }
  }

  private _prefer(name: string | undefined): void {
    const { kernelPreference } = this._context;
    this._context.kernelPreference = { ...kernelPreference, name };
  }

  private readonly _look = (): void => {
    if (this._isDisposed || this._isChoosing) {
      return;
    }
    const before = this._trouble;
    const id = this._kernel?.id ?? null;
    const trouble = troubleOf(this._name, id, this._known);
    this._trouble = this._isDeclined ? null : trouble;
    if (trouble === null || this.hasKernel) {
      this._release();
    } else if (!this._context.kernelPreference.id) {
      this._hold();
    }
    if (this._trouble?.kind === 'gone' && before?.kind !== 'gone') {
      // The kernels may only be older than what is known of the provider.
      void this._context.specsManager.refreshSpecs();
    }
    this._reconnect();
    this._changed.emit();
  };

  /** Have Lab start nothing. */
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
      // Were it true, running a cell would start a kernel in spite of the above.
      autoStartDefault: autoStartDefault === true ? undefined : autoStartDefault
    };
  }

  /** Have Lab start kernels again, and start the one that would run without the trouble. */
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
    // A context that is not ready starts its kernel by itself as it gets ready; one that
    // has no kernel, but not "No Kernel" either, is about to start one.
    const { isReady, hasNoKernel } = this._context;
    const isDue = isReady && hasNoKernel && !this._hasHadKernel;
    if (isDue && shouldStart !== false && preference.canStart !== false) {
      void this._context.startKernel();
    }
  }

  /** Connect a kernel that can be used again, or for the first time. */
  private _reconnect(): void {
    const kernel = this._kernel;
    if (kernel === null || this._trouble !== null) {
      this._wasAway = kernel !== null;
      return;
    }
    const provider = this._providers.get(this._providers.idOf(kernel.name));
    if (this._wasAway && provider !== undefined && isWell(provider)) {
      this._wasAway = false;
      setTimeout(() => {
        if (kernel === this._kernel && this._trouble === null) {
          this._connect(kernel);
        }
      }, GRACE);
    }
  }

  private _connect(kernel: Kernel.IKernelConnection): void {
    const isWanted = !kernel.isDisposed && !this._context.isTerminating;
    // Lab tries again ever later, and at last no more.
    if (isWanted && kernel.connectionStatus !== 'connected') {
      // Where it fails, the kernel's status shows it.
      kernel.reconnect().catch(() => undefined);
    }
  }

  private readonly _context: ISessionContext;
  private readonly _providers: IKernelProviders;
  private readonly _dialogs: ISessionContextDialogs;
  private readonly _language: () => string;
  private readonly _changed = new Signal<this, void>(this);
  private _trouble: Trouble | null = null;
  /** What of the preference was changed so that nothing is started. */
  private _held: Pick<
    ISessionContext.IKernelPreference,
    'shouldStart' | 'autoStartDefault'
  > | null = null;
  private _isReady = false;
  private _isChoosing = false;
  private _hasHadKernel = false;
  private _isDeclined = false;
  private _wasAway = false;
  private _isDisposed = false;
}
