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

import { ADD_COMMAND_ID, IKernelProviders, PLUGIN_IDS } from '../tokens';
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
    app: JupyterFrontEnd,
    providers: IKernelProviders,
    translator: ITranslator | null,
    settingRegistry: ISettingRegistry | null
  ): ISessionContextDialogs => {
    // The inherited restart reads the setting of the stock plugin. As that plugin is
    // disabled, this loads the setting, which also shows it in the Settings Editor.
    void settingRegistry?.load(STOCK_ID).catch((reason: unknown) => {
      console.warn(`Settings failed to load for ${STOCK_ID}.`, reason);
    });
    const { commands } = app;
    return new ProviderSessionContextDialogs(
      providers,
      { translator: translator ?? nullTranslator, settingRegistry },
      {
        isPossible: () =>
          commands.hasCommand(ADD_COMMAND_ID) &&
          commands.isEnabled(ADD_COMMAND_ID),
        add: async kernelFor =>
          (await commands.execute(ADD_COMMAND_ID, { kernelFor })) as
            string | null
      }
    );
  }
};

/** Lets the user add a provider. */
export interface IAdding {
  readonly isPossible: () => boolean;
  /**
   * @param kernelFor - The name of the document that needs a kernel.
   *
   * @returns A promise of the name of the kernel that the user selected; null if none.
   */
  readonly add: (kernelFor: string) => Promise<string | null>;
}

const NO_ADDING: IAdding = {
  isPossible: () => false,
  add: () => Promise.resolve(null)
};

/** The stock dialogs, except the one in which the user selects a kernel. */
export class ProviderSessionContextDialogs extends SessionContextDialogs {
  constructor(
    providers: IKernelProviders,
    options: ISessionContext.IDialogsOptions,
    adding: IAdding = NO_ADDING
  ) {
    super(options);
    this._adding = adding;
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
    if (context.isDisposed) {
      return;
    }
    const result = await this._ask(context);
    if (result !== null) {
      await this._accept(context, result);
      return;
    }
    const name = await this._adding.add(context.name);
    await (name === null
      ? this.selectKernel(context)
      : useKernel(context, name));
  }

  /** Show the dialog; returns null if the user wants to add a provider instead. */
  private async _ask(
    context: ISessionContext
  ): Promise<Dialog.IResult<KernelChoice | undefined> | null> {
    const model = new PickerModel(context, this._providers);
    const mayAdd = this._adding.isPossible();
    const picker = new KernelPicker(model, this._translations, mayAdd);
    const dialog = new PickerDialog(picker, context, this._translations);
    try {
      const result = await dialog.launch();
      return dialog.wantsProvider ? null : result;
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

  private readonly _adding: IAdding;
  private readonly _declined = new Signal<this, ISessionContext>(this);
  private readonly _providers: IKernelProviders;
  private readonly _translations: ITranslations;
}

/** Change to the kernel of a new provider, unless the document was closed meanwhile. */
async function useKernel(
  context: ISessionContext,
  name: string
): Promise<void> {
  if (!context.isDisposed) {
    await context.changeKernel({ name });
  }
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
