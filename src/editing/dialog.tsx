import { Dialog } from '@jupyterlab/apputils';
import { VDomRenderer } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import { BodyDialog } from '../components';
import type { IDeclared } from '../providers';
import { ProviderForm } from './form';
import type { ProviderFormModel } from './model';

/** The indexes of the buttons. */
const TEST = 1;
const SAVE = 2;

/** The form as the body of a dialog. */
class FormBody
  extends VDomRenderer<ProviderFormModel>
  implements Dialog.IBodyWidget<IDeclared | null>
{
  /** The provider that was saved; null before. */
  saved: IDeclared | null = null;

  getValue(): IDeclared | null {
    return this.saved;
  }

  protected override render(): React.JSX.Element {
    return <ProviderForm model={this.model} />;
  }
}

/**
 * The dialog in which a provider is added or changed. It stays open until the provider is
 * saved, and its value is that provider.
 */
export class ProviderDialog extends BodyDialog<IDeclared | null> {
  constructor(model: ProviderFormModel) {
    const { trans, declared } = model;
    const body = new FormBody(model);
    const title =
      declared === null
        ? trans.__('Add a Kernel Provider')
        : trans.__('Edit %1', declared.label ?? declared.id);
    super({
      title,
      body,
      buttons: [
        Dialog.cancelButton(),
        Dialog.createButton({
          label: trans.__('Test'),
          caption: trans.__('Ask the server what it has; nothing is saved'),
          accept: false
        }),
        Dialog.okButton({ label: saveLabel(model) })
      ],
      focusNodeSelector: 'input'
    });
    this._model = model;
    this._form = body;
    this.addClass('kpe-ProviderDialog');
    this.node.ariaLabel = title;
    model.stateChanged.connect(() => {
      this._showState();
    });
  }

  override dispose(): void {
    if (!this.isDisposed) {
      super.dispose();
      this._model.dispose();
    }
  }

  override resolve(index = SAVE): void {
    switch (index) {
      case TEST:
        void this._model.test();
        break;
      case SAVE:
        void this._save();
        break;
      default:
        super.resolve(index);
    }
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this.node.querySelector('input')?.focus();
  }

  /** Do not validate the body as a form: the server does. */
  protected override _evtInput(): void {
    return;
  }

  private async _save(): Promise<void> {
    this._form.saved = await this._model.save();
    if (this._form.saved !== null && !this.isDisposed) {
      super.resolve(SAVE);
    }
  }

  private _showState(): void {
    const { busy, trans } = this._model;
    const label = (index: number, text: string): void => {
      const button = this.node.querySelectorAll<HTMLButtonElement>(
        '.jp-Dialog-footer button'
      )[index];
      const node = button?.querySelector('.jp-Dialog-buttonLabel');
      if (button !== undefined && node) {
        // Not `disabled`, which would take the focus away.
        button.setAttribute('aria-disabled', String(busy !== null));
        button.ariaLabel = text;
        node.textContent = text;
      }
    };
    label(TEST, busy === 'testing' ? trans.__('Testing…') : trans.__('Test'));
    label(
      SAVE,
      busy === 'saving' ? trans.__('Saving…') : saveLabel(this._model)
    );
  }

  private readonly _model: ProviderFormModel;
  private readonly _form: FormBody;
}

function saveLabel(model: ProviderFormModel): string {
  const { trans, declared, isDoubtful } = model;
  if (declared === null) {
    return isDoubtful ? trans.__('Add Anyway') : trans.__('Add');
  }
  return isDoubtful ? trans.__('Save Anyway') : trans.__('Save');
}
