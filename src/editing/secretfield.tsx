import type { TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect } from '@jupyterlab/ui-components';
import type { FieldProps } from '@rjsf/utils';
import * as React from 'react';

import type { SAVED } from '../providers';

/** Where a secret comes from. */
type Source = 'value' | 'env' | 'file' | 'command' | 'keyring';

/** A secret of a provider's settings: its source, or `SAVED`. */
type Secret =
  Readonly<Partial<Record<Source, string | readonly string[]>>> | typeof SAVED;

/** The context of the form's fields. */
export interface IFormContext {
  readonly trans: TranslationBundle;
  /** Called when the user has pasted a text, or leaves a field. */
  readonly onLeave: () => void;
}

/** A secret: pasted, or taken from a place on the Jupyter server. */
export function SecretField(props: FieldProps): React.JSX.Element {
  const { idSchema, onChange, rawErrors } = props;
  const { trans } = props.formContext as IFormContext;
  const formData = props.formData as Secret | undefined;
  const id = idSchema.$id;
  const title = props.uiSchema?.['ui:title'] ?? '';
  const isSaved = formData !== undefined && 'saved' in formData;
  const secret = isSaved || formData === undefined ? {} : formData;
  // What was chosen while nothing is typed yet.
  const [chosen, choose] = React.useState<Source>(sourceIn(secret) ?? 'value');
  const source = sourceIn(secret) ?? chosen;
  const input = React.useRef<HTMLInputElement>(null);
  const [isReplaced, setReplaced] = React.useState(false);
  React.useEffect(() => {
    if (isReplaced) {
      input.current?.focus();
    }
  }, [isReplaced]);
  if (isSaved) {
    return (
      <div className="kpe-SecretField">
        <span>{trans.__('It is saved, and is not shown.')}</span>
        <button
          type="button"
          id={id}
          className="jp-mod-styled jp-mod-reject"
          aria-label={trans.__('Replace: %1', title)}
          onClick={() => {
            setReplaced(true);
            onChange(undefined);
          }}
        >
          {trans.__('Replace')}
        </button>
      </div>
    );
  }
  const value = secret[source];
  const common = {
    id,
    className: 'jp-mod-styled',
    autoComplete: 'off',
    spellCheck: false,
    'aria-describedby': `${id}__error ${id}__note`,
    'aria-invalid': (rawErrors?.length ?? 0) > 0
  };
  return (
    <div className="kpe-SecretField">
      <HTMLSelect
        aria-label={trans.__('Source: %1', title)}
        value={source}
        onChange={event => {
          choose(event.target.value as Source);
          onChange(undefined);
        }}
      >
        <option value="value">{trans.__('Paste it')}</option>
        <option value="env">{trans.__('Environment variable')}</option>
        <option value="file">{trans.__('File')}</option>
        <option value="command">{trans.__('Command')}</option>
        <option value="keyring">{trans.__('System keyring')}</option>
      </HTMLSelect>
      {source === 'command' ? (
        <textarea
          {...common}
          rows={3}
          value={typeof value === 'string' ? value : (value ?? []).join('\n')}
          onChange={event => {
            const text = event.target.value;
            onChange(text === '' ? undefined : { command: text.split('\n') });
          }}
        />
      ) : (
        <input
          {...common}
          ref={input}
          type={source === 'value' ? 'password' : 'text'}
          value={typeof value === 'string' ? value : ''}
          onChange={event => {
            const text = event.target.value;
            onChange(text === '' ? undefined : { [source]: text });
          }}
        />
      )}
      <span id={`${id}__note`} className="kpe-ProviderForm-note">
        {noteOf(source, trans)}
      </span>
    </div>
  );
}

function sourceIn(secret: Exclude<Secret, typeof SAVED>): Source | undefined {
  return (['value', 'env', 'file', 'command', 'keyring'] as const).find(
    source => secret[source] !== undefined
  );
}

function noteOf(source: Source, trans: TranslationBundle): string {
  switch (source) {
    case 'value':
      return trans.__('It is saved in a file that only you can read.');
    case 'env':
      return trans.__('The name of a variable of the Jupyter server.');
    case 'file':
      return trans.__('The path of a file on the Jupyter server.');
    case 'keyring':
      return trans.__(
        'The name of an entry of the service kernel-providers-ext.'
      );
    case 'command':
      return trans.__(
        'A program on the Jupyter server that prints it, with one argument a line.'
      );
  }
}
