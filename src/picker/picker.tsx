import type { Dialog } from '@jupyterlab/apputils';
import { InputGroup, VDomRenderer } from '@jupyterlab/ui-components';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import { Announcer } from '../components';
import { missingKernelText } from '../text';
import type { KernelChoice } from './choices';
import { KernelList, LIST_ID } from './list';
import type { PickerModel, Step } from './model';
import { OtherKernelsButton } from './otherkernels';
import { RetryBar } from './retrybar';
import { rowId } from './row';
import type { ITranslations } from './translations';

const INPUT_ID = 'kpe-picker-filter';
const UNAVAILABLE_ID = 'kpe-picker-unavailable';

/** The keys that move the active row. */
const STEPS: ReadonlyMap<string, Step> = new Map([
  ['ArrowDown', 'next'],
  ['ArrowUp', 'previous'],
  ['PageDown', 'pageDown'],
  ['PageUp', 'pageUp'],
  ['Home', 'first'],
  ['End', 'last']
]);

/** The body of the dialog in which the user selects a kernel. */
export class KernelPicker
  extends VDomRenderer<PickerModel>
  implements Dialog.IBodyWidget<KernelChoice | undefined>
{
  constructor(model: PickerModel, translations: ITranslations, mayAdd = false) {
    super(model);
    this._translations = translations;
    this._mayAdd = mayAdd;
    this.addClass('kpe-Picker');
  }

  /** Emitted when the user accepts a row by a double click. */
  get accepted(): ISignal<this, void> {
    return this._accepted;
  }

  /** Emitted when the user wants to add a provider. */
  get addRequested(): ISignal<this, void> {
    return this._addRequested;
  }

  /** Return the choice; undefined if there is none. */
  getValue(): KernelChoice | undefined {
    return this.model.active;
  }

  /** Focus the filter field. */
  focusFilter(): void {
    this.node.querySelector('input')?.focus();
  }

  protected override render(): React.JSX.Element {
    return (
      <Picker
        model={this.model}
        translations={this._translations}
        onAccept={() => {
          this._accepted.emit();
        }}
        onAdd={
          this._mayAdd
            ? () => {
                this._addRequested.emit();
              }
            : null
        }
      />
    );
  }

  private readonly _translations: ITranslations;
  private readonly _mayAdd: boolean;
  private readonly _addRequested = new Signal<this, void>(this);
  private readonly _accepted = new Signal<this, void>(this);
}

interface IPickerProps {
  readonly model: PickerModel;
  readonly translations: ITranslations;
  readonly onAccept: () => void;
  /** Called when the user wants to add a provider; null if the user may not. */
  readonly onAdd: (() => void) | null;
}

function Picker(props: IPickerProps): React.JSX.Element {
  const { model, translations, onAccept, onAdd } = props;
  const { trans } = translations;
  const { active } = model;
  return (
    <>
      <label className="kpe-Picker-label" htmlFor={INPUT_ID}>
        {trans.__('Select kernel for: "%1"', model.context.name)}
      </label>
      {model.unavailableName !== '' && (
        <div id={UNAVAILABLE_ID} className="kpe-Picker-unavailable">
          {missingKernelText(model.unavailableName, model.providers, trans)}
        </div>
      )}
      <InputGroup
        id={INPUT_ID}
        className="kpe-Picker-filter"
        type="text"
        role="combobox"
        aria-describedby={
          model.unavailableName === '' ? undefined : UNAVAILABLE_ID
        }
        aria-expanded={true}
        aria-haspopup="listbox"
        aria-autocomplete="list"
        aria-controls={LIST_ID}
        aria-activedescendant={active === undefined ? undefined : rowId(active)}
        autoComplete="off"
        spellCheck={false}
        autoFocus={true}
        disabled={!model.canStart}
        placeholder={trans.__('Search by kernel, provider or language')}
        rightIcon="ui-components:search"
        onChange={event => {
          model.text = event.target.value;
        }}
        onKeyDown={event => {
          const step = stepOf(event);
          if (step !== undefined) {
            event.preventDefault();
            model.step(step);
          }
        }}
      />
      <KernelList
        model={model}
        translations={translations}
        onAccept={onAccept}
      />
      <div className="kpe-Picker-foot">
        <OtherKernelsButton model={model} trans={trans} />
        <RetryBar providers={model.providers} trans={trans} />
        {onAdd !== null && (
          <button
            type="button"
            className="jp-mod-styled jp-mod-minimal kpe-Picker-footButton"
            onClick={onAdd}
          >
            {trans.__('Add a Kernel Provider…')}
          </button>
        )}
      </div>
      <Announcer
        providers={model.providers.providers}
        found={model.text.trim() === '' ? null : model.found}
        trans={trans}
      />
    </>
  );
}

function stepOf(event: React.KeyboardEvent): Step | undefined {
  const isModified =
    event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
  return isModified || event.nativeEvent.isComposing
    ? undefined
    : STEPS.get(event.key);
}
