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

import { IKernelProviders, PLUGIN_IDS } from '../tokens';
import type { KernelChoice } from './choices';
import { PickerDialog } from './dialog';
import { PickerModel } from './model';
import { KernelPicker } from './picker';
import { translationsOf } from './translations';
import type { ITranslations } from './translations';

/** The stock plugin that this one replaces; our server companion disables it. */
const STOCK_ID = '@jupyterlab/apputils-extension:sessionDialogs';

/** Provides the dialogs about the kernel of a session. */
export const pickerPlugin: JupyterFrontEndPlugin<ISessionContextDialogs> = {
  id: PLUGIN_IDS.picker,
  description: 'Provides the dialog in which the user selects a kernel.',
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
    // The inherited restart reads the setting of the stock plugin. As that plugin is
    // disabled, this loads the setting, which also shows it in the Settings Editor.
    void settingRegistry?.load(STOCK_ID).catch((reason: unknown) => {
      console.warn(`Settings failed to load for ${STOCK_ID}.`, reason);
    });
    return new ProviderSessionContextDialogs(providers, {
      translator: translator ?? nullTranslator,
      settingRegistry
    });
  }
};

/** The stock dialogs, except the one in which the user selects a kernel. */
export class ProviderSessionContextDialogs extends SessionContextDialogs {
  constructor(
    providers: IKernelProviders,
    options: ISessionContext.IDialogsOptions
  ) {
    super(options);
    this._providers = providers;
    this._translations = translationsOf(options.translator ?? nullTranslator);
  }

  /** Emitted after the user selects "No Kernel", even if the session has no kernel. */
  get declined(): ISignal<this, ISessionContext> {
    return this._declined;
  }

  /**
   * Let the user select a kernel for a session.
   *
   * @returns A promise that is fulfilled when the session has the kernel, or the user
   * cancelled; rejected if the kernel cannot be started.
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
    const picker = new KernelPicker(model, this._translations);
    try {
      return await new PickerDialog(
        picker,
        context,
        this._translations
      ).launch();
    } finally {
      model.dispose();
    }
  }

  /** Apply the result of the dialog, unless the user cancelled. */
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
   * Attach the kernel that was chosen, if it is another kernel.
   *
   * @returns The choice of the attached kernel; undefined if it cannot be attached.
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
        this._translations.trans.__('Could not connect to the kernel'),
        error instanceof Error ? error : String(error)
      );
      return undefined;
    }
  }

  private readonly _declined = new Signal<this, ISessionContext>(this);
  private readonly _providers: IKernelProviders;
  private readonly _translations: ITranslations;
}

/**
 * Change the kernel of a session to the one that was chosen.
 *
 * If the session has that kernel already, nothing happens: the kernel is not restarted,
 * and "no kernel" shuts nothing down.
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
  if (!('id' in choice)) {
    await context.changeKernel({ name: choice.name });
  } else if (choice.id !== context.session?.kernel?.id) {
    await context.changeKernel(choice);
  }
}
