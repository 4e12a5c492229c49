import { InputGroup } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/** A field that filters the launcher while the user types. */
export function SearchField({
  text,
  trans,
  onChange,
  onAccept,
  inputRef
}: {
  readonly text: string;
  readonly trans: TranslationBundle;
  readonly onChange: (text: string) => void;
  /** Called when the user presses Enter. */
  readonly onAccept: () => void;
  readonly inputRef: React.RefObject<HTMLInputElement>;
}): React.JSX.Element {
  const label = trans.__('Search kernels');
  return (
    <div className="kpe-LauncherSearch" role="search">
      <InputGroup
        type="search"
        aria-label={label}
        placeholder={label}
        title={trans.__('Search by kernel, provider or language')}
        rightIcon="ui-components:search"
        value={text}
        inputRef={inputRef}
        autoComplete="off"
        spellCheck={false}
        onChange={event => {
          onChange(event.currentTarget.value);
        }}
        onKeyDown={event => {
          if (event.key === 'Escape' && text !== '') {
            event.preventDefault();
            event.stopPropagation();
            onChange('');
          } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
            event.preventDefault();
            onAccept();
          } else if (event.key === 'ArrowDown') {
            event.preventDefault();
            focusFirstCard(event.currentTarget);
          }
        }}
      />
    </div>
  );
}

/** Replaces all sections if a search finds nothing. */
export function NoMatch({
  query,
  trans,
  onClear
}: {
  readonly query: string;
  readonly trans: TranslationBundle;
  readonly onClear: () => void;
}): React.JSX.Element {
  return (
    <div className="kpe-LauncherSearch-noMatch">
      <p>{trans.__('No kernels match “%1”.', query)}</p>
      <button
        type="button"
        className="jp-Button kpe-LauncherButton"
        onClick={onClear}
      >
        {trans.__('Clear Search')}
      </button>
    </div>
  );
}

function focusFirstCard(input: HTMLInputElement): void {
  input
    .closest('.jp-Launcher-body')
    ?.querySelector<HTMLElement>('.jp-LauncherCard')
    ?.focus();
}
