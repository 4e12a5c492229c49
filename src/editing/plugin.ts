import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  InputDialog,
  showErrorMessage
} from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { countKernels, Declarations } from '../providers';
import type { IDeclared, Settings } from '../providers';
import {
  ADD_COMMAND_ID,
  COMMAND_IDS,
  IKernelProviders,
  PLUGIN_IDS,
  TRANSLATION_DOMAIN
} from '../tokens';
import type { ProviderAction } from '../tokens';
import { kernelsOf, offerKernels } from './added';
import { addressInClipboard } from './clipboard';
import { Departures } from './removal';
import type { IDeparture } from './removal';

/** JupyterLab's command that creates a notebook. */
const NEW_NOTEBOOK = 'notebook:create-new';

/** Adds the commands by which users add, change and remove providers. */
export const editingPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_IDS.editing,
  description: 'Adds commands that add, change and remove kernel providers.',
  autoStart: true,
  requires: [IKernelProviders],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    providers: IKernelProviders,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const editing = new Editing(app, providers, trans);
    editing.addCommands();
    palette?.addItem({
      command: ADD_COMMAND_ID,
      category: trans.__('Kernel Providers'),
      args: { isPalette: true }
    });
  }
};

/** The commands, and what they have in common. */
class Editing {
  constructor(
    app: JupyterFrontEnd,
    providers: IKernelProviders,
    trans: TranslationBundle
  ) {
    this._app = app;
    this._providers = providers;
    this._trans = trans;
    this._declarations = new Declarations(app.serviceManager.serverSettings);
    this._departures = new Departures(
      this._declarations,
      () => this._refresh(),
      trans
    );
  }

  addCommands(): void {
    const trans = this._trans;
    const { commands } = this._app;
    commands.addCommand(ADD_COMMAND_ID, {
      label: args =>
        args['isPalette'] === true
          ? // These are the words by which people search.
            trans.__(
              'Add a Kernel Provider… (Remote Server, Gateway, SSH Tunnel)'
            )
          : trans.__('Add a Kernel Provider…'),
      caption: trans.__('Show the kernels of another server here'),
      icon: args => (args['isPalette'] === true ? undefined : addIcon),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            isPalette: {
              type: 'boolean',
              description: trans.__('Whether the label has words to search for')
            },
            kernelFor: {
              type: 'string',
              description: trans.__('The document that a kernel is for')
            }
          }
        }
      },
      isVisible: () => this._providers.mayAdd,
      isEnabled: () => this._providers.mayAdd,
      execute: args =>
        this._reporting(trans.__('Could not add a kernel provider'), () =>
          this._add(textIn(args, 'kernelFor'))
        )
    });
    this._addCommand(COMMAND_IDS.edit, 'change', {
      label: trans.__('Edit…'),
      named: label => trans.__('Edit %1…', label),
      execute: id => this._edit(id)
    });
    this._addCommand(COMMAND_IDS.replaceToken, 'change', {
      label: trans.__('Replace Token…'),
      named: label => trans.__('Replace Token of %1…', label),
      execute: id => this._replaceToken(id)
    });
    this._addCommand(COMMAND_IDS.enable, 'enable', {
      label: trans.__('Turn On'),
      named: label => trans.__('Turn On %1', label),
      execute: id => this._departures.enable(id)
    });
    this._addCommand(COMMAND_IDS.disable, 'disable', {
      label: trans.__('Turn Off'),
      named: label => trans.__('Turn Off %1', label),
      execute: id => this._departures.disable(this._departure(id))
    });
    this._addCommand(COMMAND_IDS.remove, 'remove', {
      label: trans.__('Remove…'),
      named: label => trans.__('Remove %1…', label),
      execute: id => this._departures.remove(this._departure(id))
    });
  }

  /** Add a command about one provider, for those that the user may do this with. */
  private _addCommand(
    command: string,
    action: ProviderAction,
    options: {
      label: string;
      named: (label: string) => string;
      execute: (id: string) => Promise<void>;
    }
  ): void {
    const trans = this._trans;
    const mayDo = (args: ReadonlyPartialJSONObject): boolean =>
      this._declared(textIn(args, 'id'))?.may?.includes(action) === true;
    this._app.commands.addCommand(command, {
      label: args =>
        args['isPalette'] === true
          ? options.named(this._labelOf(textIn(args, 'id')))
          : options.label,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            id: {
              type: 'string',
              description: trans.__('The id of the kernel provider')
            }
          },
          required: ['id']
        }
      },
      isVisible: mayDo,
      isEnabled: mayDo,
      execute: args => {
        const id = textIn(args, 'id');
        return this._reporting(
          trans.__('Could not change %1', this._labelOf(id)),
          () => options.execute(id)
        );
      }
    });
  }

  private async _add(kernelFor: string): Promise<string | null> {
    const copied = await addressInClipboard();
    const added = await this._show(null, copied === '' ? {} : { url: copied });
    if (added === null) {
      return null;
    }
    const { id } = added;
    const specs = this._app.serviceManager.kernelspecs;
    const names = await kernelsOf(id, this._providers, specs);
    if (names.length === 0) {
      return null; // the launcher says why
    }
    const label = this._labelOf(id);
    const name = await offerKernels(
      label,
      names,
      specs.specs,
      kernelFor,
      this._trans
    );
    if (name !== null && kernelFor === '') {
      await this._app.commands.execute(NEW_NOTEBOOK, { kernelName: name });
    }
    return name;
  }

  private async _edit(id: string): Promise<void> {
    await this._show(await this._declarations.get(id));
  }

  /** Show the form; returns the provider that was saved, or null. */
  private async _show(
    declared: IDeclared | null,
    settings?: Settings
  ): Promise<IDeclared | null> {
    const declarations = this._declarations;
    // The form and its library are loaded when they are needed.
    const [schema, { ProviderDialog }, { ProviderFormModel }] =
      await Promise.all([
        declarations.schema(),
        import('./dialog'),
        import('./model')
      ]);
    const model = new ProviderFormModel({
      declarations,
      schema,
      trans: this._trans,
      declared,
      ...(settings && { settings })
    });
    const { value } = await new ProviderDialog(model).launch();
    if (value !== null) {
      await this._refresh();
    }
    return value;
  }

  private async _replaceToken(id: string): Promise<void> {
    const trans = this._trans;
    const { settings, revision } = await this._declarations.get(id);
    const auth = settings?.['auth'] as Settings | undefined;
    const isPassword = auth?.['user'] !== undefined;
    const { value, button } = await InputDialog.getPassword({
      title: isPassword
        ? trans.__('Replace Password of %1', this._labelOf(id))
        : trans.__('Replace Token of %1', this._labelOf(id)),
      label: isPassword ? trans.__('Password') : trans.__('Token'),
      okLabel: trans.__('Replace')
    });
    if (button.accept && value) {
      const secret: Settings = isPassword
        ? { auth: { ...auth, password: { value } } }
        : { token: { value } };
      const changed = { ...settings, ...secret };
      await this._declarations.change(id, changed, revision);
      // Its state shows what comes of that.
      await this._providers.retry(id).catch(() => undefined);
    }
  }

  private async _refresh(): Promise<void> {
    await Promise.allSettled([
      this._providers.refresh(),
      this._app.serviceManager.kernelspecs.refreshSpecs()
    ]);
  }

  /** Do something, and show an error with a title if it fails. */
  private async _reporting<T>(
    title: string,
    act: () => Promise<T>
  ): Promise<T | null> {
    try {
      return await act();
    } catch (error) {
      await showErrorMessage(
        title,
        error instanceof Error ? error : String(error)
      );
      return null;
    }
  }

  private _declared(
    id: string
  ): { readonly may?: readonly ProviderAction[] } | undefined {
    const { problems } = this._providers;
    return this._providers.get(id) ?? problems.find(it => it.id === id);
  }

  private _departure(id: string): IDeparture {
    const { kernels, kernelspecs } = this._app.serviceManager;
    const counts = countKernels(
      this._providers,
      kernelspecs.specs,
      kernels.running()
    );
    const running = counts.get(id)?.running ?? 0;
    return { id, label: this._labelOf(id), running };
  }

  private _labelOf(id: string): string {
    return this._providers.get(id)?.label ?? id;
  }

  private readonly _app: JupyterFrontEnd;
  private readonly _providers: IKernelProviders;
  private readonly _trans: TranslationBundle;
  private readonly _declarations: Declarations;
  private readonly _departures: Departures;
}

function textIn(args: ReadonlyPartialJSONObject, name: string): string {
  const value = args[name];
  return typeof value === 'string' ? value : '';
}
