import type { Dialog } from '@jupyterlab/apputils';
import { InputGroup, VDomRenderer } from '@jupyterlab/ui-components';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import { Announcer } from '../components/announcer';
import { ElsewhereButton } from './otherkernels';
import type { KernelChoice } from './choices';
import { KernelList, LIST_ID } from './list';
import { rowId } from './row';
import type { PickerModel, Step } from './model';
import { RetryBar } from './retrybar';
import type { IWords } from '../text/translations';

const INPUT_ID = 'kpe-picker-filter';
const MISSING_ID = 'kpe-picker-missing';

/** The keys that move from row to row. */
const STEPS: ReadonlyMap<string, Step> = new Map([
  ['ArrowDown', 'next'],
  ['ArrowUp', 'previous'],
  ['PageDown', 'pageDown'],
  ['PageUp', 'pageUp'],
  ['Home', 'first'],
  ['End', 'last']
]);

/** The body of the dialog in which a kernel is chosen. */
export class KernelPicker
  extends VDomRenderer<PickerModel>
  implements Dialog.IBodyWidget<KernelChoice | undefined>
{
  constructor(model: PickerModel, words: IWords) {
    super(model);
    this._words = words;
    this.addClass('kpe-Picker');
  }

  /** Emitted when a row is to be accepted at once. */
  get accepted(): ISignal<this, void> {
    return this._accepted;
  }

  /** What is chosen; undefined if nothing is. */
  getValue(): KernelChoice | undefined {
    return this.model.active;
  }

  /** Put the cursor where the user can type. */
  focusFilter(): void {
    this.node.querySelector('input')?.focus();
  }

  protected override render(): React.JSX.Element {
    return (
      <Picker
        model={this.model}
        words={this._words}
        onAccept={() => {
          this._accepted.emit();
        }}
      />
    );
  }

  private readonly _words: IWords;
  private readonly _accepted = new Signal<this, void>(this);
}

interface IPickerProps {
  readonly model: PickerModel;
  readonly words: IWords;
  readonly onAccept: () => void;
}

function Picker(props: IPickerProps): React.JSX.Element {
  const { model, words, onAccept } = props;
  const { trans } = words;
  const { active } = model;
  return (
    <>
      <label className="kpe-Picker-label" htmlFor={INPUT_ID}>
        {trans.__('Select kernel for: "%1"', model.context.name)}
      </label>
      {model.missingName !== '' && (
        <div id={MISSING_ID} className="kpe-Picker-missing">
          {trans.__('The kernel "%1" is not available.', model.missingName)}
        </div>
      )}
      <InputGroup
        id={INPUT_ID}
        className="kpe-Picker-filter"
        type="text"
        role="combobox"
        aria-describedby={model.missingName === '' ? undefined : MISSING_ID}
        aria-expanded={true}
        aria-haspopup="listbox"
        aria-autocomplete="list"
        aria-controls={LIST_ID}
        aria-activedescendant={active === undefined ? undefined : rowId(active)}
        autoComplete="off"
        spellCheck={false}
        autoFocus={true}
        disabled={!model.canStart}
        placeholder={trans.__('Filter by kernel, provider or language')}
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
      <KernelList model={model} words={words} onAccept={onAccept} />
      <div className="kpe-Picker-foot">
        <ElsewhereButton model={model} trans={trans} />
        <RetryBar providers={model.providers} trans={trans} />
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
