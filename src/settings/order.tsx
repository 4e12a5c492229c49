import { moveDownIcon, moveUpIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import * as React from 'react';

import { inOrder } from '../providers';
import { ADD_COMMAND_ID, COMMAND_IDS } from '../tokens';
import type { ISettingsFieldProps } from './props';

/** The order of the providers, changed by buttons. */
export function OrderField(
  props: ISettingsFieldProps<readonly string[]>
): React.JSX.Element {
  const { formData: saved = [], onChange, providers, trans } = props;
  const id = props.idSchema.$id;
  const shown = inOrder(providers.providers, saved);
  const [announcement, setAnnouncement] = React.useState('');
  // A button loses the focus when React moves it in the document.
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
      setAnnouncement(
        trans.__(
          '%1 is now number %2',
          providers.get(moved)?.label ?? '',
          to + 1
        )
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
        // Not `disabled`: the focus would be lost when a provider reaches the end.
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
    <div className="kpe-SettingsField kpe-OrderField">
      <h3 className="jp-FormGroup-fieldLabel" id={`${id}-title`}>
        {props.schema.title}
      </h3>
      {shown.length === 0 ? (
        <p>{trans.__('This server has not listed its providers yet.')}</p>
      ) : (
        <ol aria-labelledby={`${id}-title`}>
          {shown.map((provider, index) => (
            <li key={provider.id}>
              <span>{provider.label}</span>
              {button(index, -1)}
              {button(index, 1)}
              {provider.may.includes('change') && (
                <CommandButton
                  commands={props.commands}
                  command={COMMAND_IDS.edit}
                  args={{ id: provider.id }}
                  name={trans.__('Edit %1', provider.label)}
                />
              )}
            </li>
          ))}
        </ol>
      )}
      {providers.mayAdd && (
        <CommandButton commands={props.commands} command={ADD_COMMAND_ID} />
      )}
      <span role="status" className="kpe-visually-hidden">
        {announcement}
      </span>
    </div>
  );
}

/** A button that executes a command; nothing if there is no such command. */
function CommandButton({
  commands,
  command,
  args = {},
  name
}: {
  readonly commands: CommandRegistry;
  readonly command: string;
  readonly args?: ReadonlyPartialJSONObject;
  /** Its name for screen readers, if its label is not enough. */
  readonly name?: string;
}): React.JSX.Element | null {
  return commands.hasCommand(command) ? (
    <button
      type="button"
      className="jp-mod-styled jp-mod-reject"
      aria-label={name}
      title={name}
      onClick={() => void commands.execute(command, args)}
    >
      {commands.label(command, args)}
    </button>
  ) : null;
}

/**
 * Apply a new order of the current providers to the saved order.
 *
 * @param saved - The saved ids, perhaps with ids of providers that do not exist now.
 * @param ids - The ids of the current providers, in their new order.
 *
 * @returns All ids; ids of providers that do not exist now keep their positions.
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
