import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ISessionContextDialogs,
  SessionContextDialogs,
  showErrorMessage
} from '@jupyterlab/apputils';
import type { Dialog, ISessionContext } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import { KernelPicker } from './picker';
import type { KernelChoice } from './choices';
import { PickerDialog } from './dialog';
import { PickerModel } from './model';
import { IKernelProviders, PLUGIN_IDS } from '../tokens';
import { wordsOf } from '../text/translations';
import type { IWords } from '../text/translations';

/** The plugin that this one stands in for; the server companion switches it off. */
const STOCK_ID = '@jupyterlab/apputils-extension:sessionDialogs';

/** Provides the dialogs about a session's kernel. */
export const dialogsPlugin: JupyterFrontEndPlugin<ISessionContextDialogs> = {
  id: PLUGIN_IDS.dialogs,
  description: 'Provides the dialog in which a kernel is chosen.',
  autoStart: true,
  requires: [IKernelProviders],
  optional: [ITranslator, ISettingRegistry],
  provides: ISessionContextDialogs,
  activate: (
    _app: JupyterFrontEnd,
    providers: IKernelProviders,
    translator: ITranslator | null,
    settingRegistry: ISettingRegistry | null
  ): ISessionContextDialogs => {
    // The inherited restart asks for the setting of the stock plugin. That one being
    // off, nobody else has the setting loaded, and so shown in the Settings Editor.
    void settingRegistry?.load(STOCK_ID).catch((reason: unknown) => {
      console.warn(`Settings failed to load for ${STOCK_ID}.`, reason);
    });
    return new ProviderSessionContextDialogs(providers, {
      translator: translator ?? nullTranslator,
      settingRegistry
    });
  }
};

/** The stock dialogs, but for the one in which a kernel is chosen. */
export class ProviderSessionContextDialogs extends SessionContextDialogs {
  constructor(
    providers: IKernelProviders,
    options: ISessionContext.IDialogsOptions
  ) {
    super(options);
    this._providers = providers;
    this._words = wordsOf(options.translator ?? nullTranslator);
  }

  /** Emitted when the user has chosen no kernel, also for a session that has none. */
  get declined(): ISignal<this, ISessionContext> {
    return this._declined;
  }

  /**
   * Have the user choose a kernel for a session.
   *
   * @returns A promise that is fulfilled when the session has that kernel; it is
   * rejected if it cannot be had.
   */
  override async selectKernel(context: ISessionContext): Promise<void> {
    if (!context.isDisposed) {
      await this._accept(context, await this._ask(context));
    }
  }

  private async _ask(
    context: ISessionContext
  ): Promise<Dialog.IResult<KernelChoice | undefined>> {
    const model = new PickerModel(context, this._providers);
    const picker = new KernelPicker(model, this._words);
    try {
      return await new PickerDialog(picker, context, this._words).launch();
    } finally {
      model.dispose();
    }
  }

  /** Do what the user has accepted, if so. */
  private async _accept(
    context: ISessionContext,
    { button, isChecked, value }: Dialog.IResult<KernelChoice | undefined>
  ): Promise<void> {
    if (context.isDisposed || !button.accept) {
      return;
    }
    if (isChecked !== null) {
      context.kernelPreference = {
        ...context.kernelPreference,
        autoStartDefault: isChecked
      };
    }
    if (value === null) {
      this._declined.emit(context);
    }
    await choose(context, await this._attached(value));
  }

  /**
   * Make the kernel that was chosen one of this server's, if it is not yet.
   *
   * @returns The choice of that kernel here; undefined where it cannot be had.
   */
  private async _attached(
    choice: KernelChoice | undefined
  ): Promise<KernelChoice | undefined> {
    if (!choice || !('id' in choice) || choice.provider === undefined) {
      return choice;
    }
    try {
      const { id } = await this._providers.attach(choice.provider, choice.id);
      return { id };
    } catch (error) {
      await showErrorMessage(
        this._words.trans.__('The kernel cannot be connected to'),
        error instanceof Error ? error : String(error)
      );
      return undefined;
    }
  }

  private readonly _declined = new Signal<this, ISessionContext>(this);
  private readonly _providers: IKernelProviders;
  private readonly _words: IWords;
}

/**
 * Give a session the kernel that was chosen.
 *
 * Nothing is done if it has that one already: neither is it restarted, nor is "no
 * kernel" taken for a shutdown where there is none.
 */
async function choose(
  context: ISessionContext,
  choice: KernelChoice | undefined
): Promise<void> {
  if (choice === undefined) {
    return;
  }
  if (choice === null) {
    if (!context.hasNoKernel) {
      await context.shutdown();
    }
    return;
  }
  if (!('id' in choice) || choice.id !== context.session?.kernel?.id) {
    await context.changeKernel(choice);
  }
}
