import { FormComponent } from '@jupyterlab/ui-components';
import { JSONExt } from '@lumino/coreutils';
import type { FormProps } from '@rjsf/core';
import { getInputProps } from '@rjsf/utils';
import type {
  BaseInputTemplateProps,
  ErrorSchema,
  FieldProps,
  FieldTemplateProps,
  ObjectFieldTemplateProps
} from '@rjsf/utils';
import { customizeValidator } from '@rjsf/validator-ajv8';
import * as React from 'react';

import { StateIcon, WarningIcon } from '../components';
import { SAVED } from '../providers';
import type { Settings } from '../providers';
import { isAvailable } from '../state';
import { ADVANCED, BASIC, LIST, schemaOf, SECRET, uiSchemaOf } from './fields';
import type { ProviderFormModel } from './model';
import { SecretField } from './secretfield';
import type { IFormContext } from './secretfield';
import { foundText } from './texts';

const ID = 'kpe-provider';
const OPTIONS: Pick<
  FormProps<Settings>,
  | 'fields'
  | 'templates'
  | 'validator'
  | 'idPrefix'
  | 'tagName'
  | 'showErrorList'
> = {
  fields: { [SECRET]: SecretField, [LIST]: ListField },
  templates: {
    FieldTemplate: Field,
    ObjectFieldTemplate: Group,
    BaseInputTemplate: Input
  },
  validator: customizeValidator<Settings>(),
  idPrefix: ID,
  tagName: 'div',
  showErrorList: false
};

/** The form with the settings of a provider, and what a test of them has found. */
export function ProviderForm({
  model
}: {
  readonly model: ProviderFormModel;
}): React.JSX.Element {
  const { trans, failure, declared } = model;
  const field = failure?.field.split('.')[0] ?? '';
  const isAdvanced = (ADVANCED as readonly string[]).includes(field);
  const isShown =
    isAdvanced ||
    (BASIC as readonly string[]).includes(field) ||
    field === 'id';
  const [isOpen, setOpen] = React.useState(false);
  React.useEffect(() => {
    if (isAdvanced || field === 'id') {
      setOpen(true);
    }
  }, [failure]);
  return (
    <div className="kpe-ProviderForm">
      <Fields model={model} names={BASIC} />
      <div className="kpe-ProviderForm-outcome" role="status">
        <Outcome model={model} isShown={isShown} />
      </div>
      <details
        open={isOpen}
        onToggle={event => {
          setOpen(event.currentTarget.open);
        }}
      >
        <summary>{trans.__('Advanced')}</summary>
        {declared === null && <IdField model={model} />}
        <Fields model={model} names={ADVANCED} />
      </details>
    </div>
  );
}

/** What a test has found, or what is wrong if that is not shown at a field. */
function Outcome({
  model,
  isShown
}: {
  readonly model: ProviderFormModel;
  readonly isShown: boolean;
}): React.JSX.Element | null {
  const { trans, failure, found, busy } = model;
  if (busy === 'testing' || (busy === 'saving' && found === null)) {
    return <p>{trans.__('Asking %1…', model.label)}</p>;
  }
  if (found !== null && isAvailable(found) && failure === null) {
    return (
      <>
        <p>
          <StateIcon state={found.state} />
          <span>{foundText(found, trans)}</span>
        </p>
        {found.warnings.map(warning => (
          <p key={warning}>
            <WarningIcon />
            <span>{warning}</span>
          </p>
        ))}
      </>
    );
  }
  if (failure === null) {
    return null;
  }
  return (
    <>
      {isShown ? (
        // It stands at its field; screen readers are told here.
        <span className="kpe-visually-hidden">{failure.message}</span>
      ) : (
        <p className="kpe-ProviderForm-failure">
          <WarningIcon />
          <span>{failure.message}</span>
        </p>
      )}
      {failure.reason === 'stale' && (
        <button
          type="button"
          className="jp-mod-styled jp-mod-reject"
          onClick={() => void model.reload()}
        >
          {trans.__('Load Again')}
        </button>
      )}
    </>
  );
}

function Fields({
  model,
  names
}: {
  readonly model: ProviderFormModel;
  readonly names: readonly string[];
}): React.JSX.Element {
  const { schema, settings, trans, failure, defaultLabel } = model;
  const context: IFormContext = React.useMemo(
    () => ({
      trans,
      onLeave: () => {
        model.understand();
      }
    }),
    [trans, model]
  );
  const rjsfSchema = React.useMemo(() => schemaOf(schema, names), [schema]);
  // What is saved and cannot be shown can only be replaced.
  const saved = names.filter(name =>
    JSONExt.deepEqual(settings[name] ?? null, SAVED)
  );
  const savedNames = saved.join();
  const uiSchema = React.useMemo(() => {
    const all = uiSchemaOf(trans, defaultLabel);
    saved.forEach(name => {
      const texts = all[name] as object | undefined;
      all[name] = { ...texts, 'ui:field': SECRET };
    });
    return all;
  }, [trans, defaultLabel, savedNames]);
  return (
    <FormComponent
      {...OPTIONS}
      schema={rjsfSchema}
      uiSchema={uiSchema}
      formData={pick(settings, name => names.includes(name))}
      formContext={context}
      extraErrors={errorsOf(failure)}
      onChange={({ formData }) => {
        model.settings = {
          ...pick(model.settings, name => !names.includes(name)),
          ...compact(formData as Settings)
        };
      }}
    />
  );
}

function IdField({
  model
}: {
  readonly model: ProviderFormModel;
}): React.JSX.Element {
  const { trans, failure } = model;
  const id = `${ID}-id`;
  const error = failure?.field === 'id' ? failure.message : '';
  return (
    <div className="kpe-ProviderForm-field">
      <label htmlFor={id}>{trans.__('ID')}</label>
      <input
        id={id}
        className="jp-mod-styled"
        type="text"
        spellCheck={false}
        autoComplete="off"
        value={model.id}
        aria-describedby={`${id}__error ${id}__description`}
        aria-invalid={error !== ''}
        onChange={event => {
          model.id = event.target.value;
        }}
      />
      <p id={`${id}__description`} className="kpe-ProviderForm-note">
        {trans.__(
          'Begins the names of its kernels, which notebooks save. By default, it is made of the name.'
        )}
      </p>
      <p id={`${id}__error`} className="kpe-ProviderForm-error">
        {error}
      </p>
    </div>
  );
}

/** A label, the field, what it is for, and what is wrong with it. */
function Field(props: FieldTemplateProps): React.JSX.Element {
  const { id, children, schema, uiSchema, rawErrors, hidden } = props;
  if (hidden) {
    return <div hidden>{children}</div>;
  }
  const title = uiSchema?.['ui:title'] ?? '';
  const description = uiSchema?.['ui:description'] ?? '';
  const isGroup = schema.type === 'object' && !('ui:field' in (uiSchema ?? {}));
  const errors = (
    <p id={`${id}__error`} className="kpe-ProviderForm-error">
      {rawErrors?.join(' ')}
    </p>
  );
  if (isGroup) {
    return (
      <>
        {children}
        {title !== '' && errors}
      </>
    );
  }
  return (
    <div className="kpe-ProviderForm-field">
      <label htmlFor={id}>{title}</label>
      {children}
      {description !== '' && (
        <p id={`${id}__description`} className="kpe-ProviderForm-note">
          {description}
        </p>
      )}
      {errors}
    </div>
  );
}

/** Several fields below a heading; the outermost group has none. */
function Group({
  uiSchema,
  properties
}: ObjectFieldTemplateProps): React.JSX.Element {
  const title = uiSchema?.['ui:title'];
  const fields = properties.map(({ content }) => content);
  return title === undefined ? (
    <>{fields}</>
  ) : (
    <fieldset>
      <legend>{title}</legend>
      {fields}
    </fieldset>
  );
}

/** An input of one line, which screen readers know to be wrong if it is. */
function Input(props: BaseInputTemplateProps): React.JSX.Element {
  const { id, schema, options, rawErrors, placeholder, onChange } = props;
  const { onLeave } = props.formContext as IFormContext;
  const value = props.value as string | number | undefined;
  const type = props.type as string | undefined;
  return (
    <input
      id={id}
      placeholder={placeholder}
      {...getInputProps(schema, type, options, false)}
      spellCheck={false}
      autoComplete="off"
      aria-describedby={`${id}__error ${id}__description`}
      aria-invalid={(rawErrors?.length ?? 0) > 0}
      value={value ?? ''}
      onBlur={onLeave}
      onChange={event => {
        const text = event.target.value;
        onChange(text === '' ? undefined : text);
        if (isPaste(event.nativeEvent)) {
          onLeave();
        }
      }}
    />
  );
}

function isPaste(event: Event): boolean {
  return event instanceof InputEvent && event.inputType === 'insertFromPaste';
}

/** Texts with commas between them. */
function ListField(props: FieldProps): React.JSX.Element {
  const { idSchema, onChange, rawErrors } = props;
  const formData = props.formData as readonly string[] | undefined;
  const id = idSchema.$id;
  const saved = (formData ?? []).join(', ');
  const [text, setText] = React.useState(saved);
  return (
    <input
      id={id}
      className="jp-mod-styled"
      type="text"
      spellCheck={false}
      aria-describedby={`${id}__error ${id}__description`}
      aria-invalid={(rawErrors?.length ?? 0) > 0}
      value={itemsIn(text).join(', ') === saved ? text : saved}
      onChange={event => {
        setText(event.target.value);
        onChange(itemsIn(event.target.value));
      }}
    />
  );
}

function itemsIn(text: string): string[] {
  return text
    .split(',')
    .map(item => item.trim())
    .filter(Boolean);
}

function pick(
  settings: Settings,
  isWanted: (name: string) => boolean
): Settings {
  return Object.fromEntries(
    Object.entries(settings).filter(([name]) => isWanted(name))
  );
}

/** Leave out what is empty: it means the server's default. */
function compact(settings: Settings): Settings {
  const entries = Object.entries(settings)
    .map(([name, value]) => [name, isObject(value) ? compact(value) : value])
    .filter(
      ([, value]) =>
        value !== undefined &&
        value !== '' &&
        value !== null &&
        !(typeof value === 'object' && Object.keys(value).length === 0)
    );
  return Object.fromEntries(entries) as Settings;
}

function isObject(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Return an error at the field that a failure is about. */
function errorsOf(failure: ProviderFormModel['failure']): ErrorSchema {
  const path = failure?.field.split('.').filter(Boolean) ?? [];
  if (failure === null || path.length === 0) {
    return {};
  }
  return path.reduceRight<ErrorSchema>((inner, name) => ({ [name]: inner }), {
    __errors: [failure.message]
  } as ErrorSchema);
}
