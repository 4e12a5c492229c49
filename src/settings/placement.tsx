import type { KernelSpec } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import {
  displayName,
  placementProblem,
  PLACEMENTS,
  providerOf,
  templateOf
} from '../naming/displayname';
import type { PlacementProblem } from '../naming/displayname';
import { placementSentence } from '../text/messages';
import type { ISettingFieldProps } from './props';

/** Stands for a template of the user's own among the choices; it is no placement. */
const TEMPLATE = 'template';

/** Where a provider's name stands in the names of its kernels. */
export function PlacementField(
  props: ISettingFieldProps<string>
): React.JSX.Element {
  const { formData: saved = '', onChange, providers, specs, trans } = props;
  const id = props.idSchema.$id;
  // What the user types. Only what can be used is handed to the form, and thus saved.
  const [draft, setDraft] = React.useState<string | null>(null);
  const [savedBefore, setSavedBefore] = React.useState(saved);
  if (saved !== savedBefore) {
    setSavedBefore(saved);
    // Another value than the one that was typed: restored, or set elsewhere.
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
    <div className="kpe-SettingField kpe-PlacementField jp-inputFieldWrapper">
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

/** A template, and what it makes of a name or what is wrong with it. */
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
            {placementSentence(problem, trans)}
          </span>
        )}
      </p>
    </>
  );
}

/** The choices there are, with the names that they make. */
function choices(
  byAdministrator: string,
  show: (placement: string) => string,
  trans: TranslationBundle
): [string, string][] {
  const isShown =
    byAdministrator !== '' && placementProblem(byAdministrator) === null;
  return [
    [
      '',
      isShown
        ? trans.__('As the administrator has set it: %1', show(byAdministrator))
        : trans.__('As the administrator has set it')
    ],
    ['suffix', trans.__('After the kernel: %1', show('suffix'))],
    ['prefix', trans.__('Before the kernel: %1', show('prefix'))],
    ['none', trans.__('Not shown: %1', show('none'))],
    [TEMPLATE, trans.__('Template…')]
  ];
}

/** What is wrong with a template of the user's own; the words for placements are none. */
function templateProblem(template: string): PlacementProblem | null {
  return PLACEMENTS.has(template)
    ? { kind: 'kernel' }
    : placementProblem(template);
}

/** A kernel and its provider, if possible such as there are. */
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
