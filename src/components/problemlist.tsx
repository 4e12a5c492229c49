import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { shortPath } from '../text';
import { COMMAND_IDS } from '../tokens';
import type { IProblem } from '../tokens';

/** The providers that are not loaded, with their files and what has to be fixed. */
export function ProblemList({
  problems,
  commands,
  onAct
}: {
  readonly problems: readonly IProblem[];
  readonly commands: CommandRegistry;
  /** Called before a command is executed. */
  readonly onAct?: () => void;
}): React.JSX.Element {
  return (
    <ul className="kpe-ProblemList">
      {problems.map(({ id, source, message }) => (
        <li key={source} title={source}>
          {message.split(source).join(shortPath(source))}
          <span className="kpe-ProblemList-buttons">
            {[COMMAND_IDS.edit, COMMAND_IDS.remove]
              .filter(
                command =>
                  commands.hasCommand(command) &&
                  commands.isEnabled(command, { id })
              )
              .map(command => (
                <button
                  key={command}
                  type="button"
                  className="jp-Button kpe-LauncherButton"
                  aria-label={commands.label(command, { id, isPalette: true })}
                  onClick={() => {
                    onAct?.();
                    void commands.execute(command, { id });
                  }}
                >
                  {commands.label(command, { id })}
                </button>
              ))}
          </span>
        </li>
      ))}
    </ul>
  );
}
