import type { KernelSpec } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import {
  displayName,
  placementProblem,
  PLACEMENTS,
  providerOf,
  templateOf
} from '../naming';
import type { PlacementProblem } from '../naming';
import { placementText } from '../text';
import type { ISettingsFieldProps } from './props';

/** The choice for a template of the user's own; it is not a placement. */
const TEMPLATE = 'template';

/** Selects where a provider's name stands in the display names of its kernels. */
export function PlacementField(
  props: ISettingsFieldProps<string>
): React.JSX.Element {
  const { formData: saved = '', onChange, providers, specs, trans } = props;
  const id = props.idSchema.$id;
  // The text that the user types. The form gets, and saves, only a valid placement.
  const [draft, setDraft] = React.useState<string | null>(null);
  const [savedBefore, setSavedBefore] = React.useState(saved);
  if (saved !== savedBefore) {
    setSavedBefore(saved);
    // The value is not the typed one: it was restored, or changed in the JSON editor.
    if (saved !== draft) {
      setDraft(null);
    }
  }

  const text = draft ?? saved;
  const isTemplate = draft !== null || (saved !== '' && !PLACEMENTS.has(saved));
  const example = exampleOf(specs.specs);
  const show = (placement: string): string =>
    displayName(placement, example.kernel, example.label);

  const choose = (choice: string): void => {
    setDraft(null);
    onChange(
      choice === TEMPLATE
        ? templateOf(saved || providers.template || 'suffix')
        : choice
    );
  };
  const type = (template: string): void => {
    setDraft(template);
    if (templateProblem(template) === null) {
      onChange(template);
    }
  };

  return (
    <div className="kpe-SettingsField kpe-PlacementField jp-inputFieldWrapper">
      <h3 className="jp-FormGroup-fieldLabel" id={`${id}-title`}>
        {props.schema.title}
      </h3>
      <select
        className="form-control"
        aria-labelledby={`${id}-title`}
        value={isTemplate ? TEMPLATE : saved}
        onChange={event => {
          choose(event.target.value);
        }}
      >
        {choices(providers.template, show, trans).map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      {isTemplate && (
        <Template id={id} text={text} show={show} onType={type} trans={trans} />
      )}
    </div>
  );
}

interface ITemplateProps {
  readonly id: string;
  readonly text: string;
  readonly show: (placement: string) => string;
  readonly onType: (template: string) => void;
  readonly trans: TranslationBundle;
}

/** A template, with an example or with what is wrong with it. */
function Template(props: ITemplateProps): React.JSX.Element {
  const { id, text, show, onType, trans } = props;
  const problem = templateProblem(text);
  return (
    <>
      <input
        className="form-control"
        type="text"
        spellCheck={false}
        value={text}
        aria-label={trans.__('Template')}
        aria-invalid={problem !== null}
        aria-describedby={`${id}-effect`}
        onChange={event => {
          onType(event.target.value);
        }}
      />
      <p id={`${id}-effect`} className="kpe-PlacementField-effect">
        {problem === null ? (
          trans.__('Example: %1', show(text))
        ) : (
          <span role="alert" className="kpe-mod-problem">
            {placementText(problem, trans)}
          </span>
        )}
      </p>
    </>
  );
}

/** The choices and their labels, with an example each. */
function choices(
  adminTemplate: string,
  show: (placement: string) => string,
  trans: TranslationBundle
): [string, string][] {
  const isShown =
    adminTemplate !== '' && placementProblem(adminTemplate) === null;
  return [
    [
      '',
      isShown
        ? trans.__('Default: %1', show(adminTemplate))
        : trans.__('Default')
    ],
    ['suffix', trans.__('After the kernel: %1', show('suffix'))],
    ['prefix', trans.__('Before the kernel: %1', show('prefix'))],
    ['none', trans.__('Not shown: %1', show('none'))],
    [TEMPLATE, trans.__('Template…')]
  ];
}

/** Check a template of the user's own; the words of `PLACEMENTS` are not templates. */
function templateProblem(template: string): PlacementProblem | null {
  return PLACEMENTS.has(template)
    ? { kind: 'kernel' }
    : placementProblem(template);
}

/** A remote kernel and its provider for examples; invented if there is none. */
function exampleOf(specs: KernelSpec.ISpecModels | null): {
  kernel: string;
  label: string;
} {
  for (const spec of Object.values(specs?.kernelspecs ?? {})) {
    const provider = spec && providerOf(spec);
    if (provider) {
      return provider;
    }
  }
  return { kernel: 'Python 3', label: 'gpu-farm' };
}
