import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ISettingsFieldProps } from './props';

/** The starred kernels, each with a button that removes its star. */
export function StarredField(
  props: ISettingsFieldProps<readonly string[]>
): React.JSX.Element {
  const { formData: saved = [], onChange, specs, trans } = props;
  const titleId = `${props.idSchema.$id}-title`;
  const list = React.useRef<HTMLUListElement>(null);
  const labelOf = (name: string): string =>
    specs.specs?.kernelspecs[name]?.display_name ?? name;
  return (
    <div className="kpe-SettingsField kpe-StarredField">
      <h3 className="jp-FormGroup-fieldLabel" id={titleId}>
        {props.schema.title}
      </h3>
      {saved.length === 0 ? (
        <p>{trans.__('No kernel has a star.')}</p>
      ) : (
        <ul ref={list} tabIndex={-1} aria-labelledby={titleId}>
          {saved.map(name => {
            const text = trans.__('Remove the star of %1', labelOf(name));
            return (
              <li key={name}>
                <span>{labelOf(name)}</span>
                <button
                  type="button"
                  className="jp-Button jp-mod-minimal"
                  title={text}
                  aria-label={text}
                  onClick={() => {
                    list.current?.focus(); // the button is about to go
                    onChange(saved.filter(other => other !== name));
                  }}
                >
                  <closeIcon.react tag="span" />
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}
