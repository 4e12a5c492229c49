import * as React from 'react';

import { shortPath } from '../text';
import type { IProblem } from '../tokens';

/** The providers that are not loaded, with their files and what has to be fixed. */
export function ProblemList({
  problems
}: {
  readonly problems: readonly IProblem[];
}): React.JSX.Element {
  return (
    <ul className="kpe-ProblemList">
      {problems.map(({ source, message }) => (
        <li key={source} title={source}>
          {message.split(source).join(shortPath(source))}
        </li>
      ))}
    </ul>
  );
}
