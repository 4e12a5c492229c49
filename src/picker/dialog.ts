import { Dialog } from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import type { Message } from '@lumino/messaging';

import { BodyDialog } from '../components';
import type { KernelChoice } from './choices';
import type { KernelPicker } from './picker';
import type { ITranslations } from './translations';

/** The dialog in which the user selects a kernel; its button needs a selection. */
export class PickerDialog extends BodyDialog<KernelChoice | undefined> {
  /**
   * @param picker - The body; the dialog disposes of it.
   * @param context - The session that the kernel is for.
   */
  constructor(
    picker: KernelPicker,
    context: ISessionContext,
    translations: ITranslations
  ) {
    super({ ...optionsFor(context, translations), body: picker });
    this._picker = picker;
    this.addClass('kpe-PickerDialog');
    this.node.ariaLabel = translations.lab.__('Select Kernel');
    picker.accepted.connect(() => {
      this.resolve();
    });
    picker.addRequested.connect(() => {
      this.wantsProvider = true;
      this.reject();
    });
    picker.model.stateChanged.connect(this._allow, this);
    this._allow();
  }

  /** Whether the user wants to add a provider, which closes the dialog. */
  wantsProvider = false;

  override resolve(index = ACCEPT): void {
    if (index !== ACCEPT || this._picker.getValue() !== undefined) {
      super.resolve(index);
    }
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    // Keys must not go to the notebook, not even before the body is rendered.
    this._takeFocus();
  }

  /** Up to JupyterLab 4.5, the stock method focuses the button, and typed text is lost. */
  protected override _evtFocus(event: FocusEvent): void {
    if (!(event.target instanceof Node && this.node.contains(event.target))) {
      event.stopPropagation();
      this._takeFocus();
    }
  }

  /** Do not validate the body as a form: the stock method would enable the button. */
  protected override _evtInput(): void {
    return;
  }

  private readonly _allow = (): void => {
    const node = this._acceptNode;
    if (node !== null) {
      node.disabled = this._picker.getValue() === undefined;
    }
  };

  private _takeFocus(): void {
    this._picker.focusFilter();
    for (const selector of ['.jp-mod-accept', '.jp-mod-reject']) {
      if (!this.node.contains(document.activeElement)) {
        this.node.querySelector<HTMLElement>(selector)?.focus();
      }
    }
  }

  private get _acceptNode(): HTMLButtonElement | null {
    return this.node.querySelector<HTMLButtonElement>(
      '.jp-Dialog-footer .jp-mod-accept'
    );
  }

  private readonly _picker: KernelPicker;
}

/** The index of the accept button. */
const ACCEPT = 1;

/** The title, buttons and checkbox of the stock dialog. */
function optionsFor(
  context: ISessionContext,
  { lab }: ITranslations
): Partial<Dialog.IOptions<KernelChoice | undefined>> {
  const { autoStartDefault } = context.kernelPreference;
  return {
    title: lab.__('Select Kernel'),
    buttons: [
      // Without a kernel, cancelling keeps "No Kernel".
      Dialog.cancelButton({
        label: context.hasNoKernel
          ? context.kernelDisplayName
          : lab.__('Cancel')
      }),
      Dialog.okButton({
        label: lab.__('Select'),
        ariaLabel: lab.__('Select Kernel')
      })
    ],
    focusNodeSelector: 'input',
    checkbox:
      autoStartDefault === undefined
        ? null
        : {
            label: lab.__('Always start the preferred kernel'),
            caption: lab.__(
              'Remember my choice and always start the preferred kernel'
            ),
            checked: autoStartDefault
          }
  };
}
