import { moveDownIcon, moveUpIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { inOrder } from '../providers/model';
import type { ISettingFieldProps } from './props';

/** The order of the providers, to be changed by buttons. */
export function OrderField(
  props: ISettingFieldProps<readonly string[]>
): React.JSX.Element {
  const { formData: saved = [], onChange, providers, trans } = props;
  const id = props.idSchema.$id;
  const shown = inOrder(providers.providers, saved);
  const [told, setTold] = React.useState('');
  // A button that is moved in the document loses the focus.
  const pressed = React.useRef<HTMLButtonElement | null>(null);
  React.useLayoutEffect(() => {
    pressed.current?.focus();
    pressed.current = null;
  });

  const move = (from: number, by: -1 | 1): void => {
    const ids = shown.map(provider => provider.id);
    const [moved] = ids.splice(from, 1);
    const to = from + by;
    if (moved !== undefined && to >= 0 && to < shown.length) {
      ids.splice(to, 0, moved);
      onChange(reordered(saved, ids));
      setTold(
        trans.__('%1 is number %2', providers.get(moved)?.label ?? '', to + 1)
      );
    }
  };
  const button = (from: number, by: -1 | 1): React.JSX.Element => {
    const label = shown[from]?.label ?? '';
    const isEnd = by === -1 ? from === 0 : from === shown.length - 1;
    const Icon = by === -1 ? moveUpIcon : moveDownIcon;
    const name =
      by === -1
        ? trans.__('Move %1 up', label)
        : trans.__('Move %1 down', label);
    return (
      <button
        type="button"
        className="jp-Button jp-mod-minimal"
        title={name}
        aria-label={name}
        // Not `disabled`: the focus would be lost where a provider reaches the end.
        aria-disabled={isEnd}
        onClick={event => {
          pressed.current = event.currentTarget;
          move(from, by);
        }}
      >
        <Icon.react tag="span" />
      </button>
    );
  };

  return (
    <div className="kpe-SettingField kpe-OrderField">
      <h3 className="jp-FormGroup-fieldLabel" id={`${id}-title`}>
        {props.schema.title}
      </h3>
      {shown.length === 0 ? (
        <p>{trans.__('The server has not told of any provider yet.')}</p>
      ) : (
        <ol aria-labelledby={`${id}-title`}>
          {shown.map((provider, index) => (
            <li key={provider.id}>
              <span>{provider.label}</span>
              {button(index, -1)}
              {button(index, 1)}
            </li>
          ))}
        </ol>
      )}
      <span role="status" className="kpe-visually-hidden">
        {told}
      </span>
    </div>
  );
}

/**
 * Take over another order of some ids.
 *
 * @param saved - An order, which may have ids of providers that are not here now.
 * @param ids - Those that are here, in their new order.
 *
 * @returns Both; those that are not here keep their places.
 */
export function reordered(
  saved: readonly string[],
  ids: readonly string[]
): string[] {
  const rest = [...ids];
  const result = saved.map(id =>
    ids.includes(id) ? (rest.shift() ?? id) : id
  );
  return [...result, ...rest];
}
