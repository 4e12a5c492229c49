import * as React from 'react';

import { ProblemList, WarningIcon } from '../components';
import { problemsText } from '../text';
import type { IProblem } from '../tokens';
import type { ILauncherHost } from './card';

/** The section of the providers that are not loaded, which says why. */
export function Problems({
  problems,
  host: { commands, trans }
}: {
  readonly problems: readonly IProblem[];
  readonly host: ILauncherHost;
}): React.JSX.Element {
  const titleId = React.useId();
  return (
    <div
      className="jp-Launcher-section kpe-LauncherProblems"
      role="note"
      aria-labelledby={titleId}
    >
      <div className="jp-Launcher-sectionHeader kpe-LauncherProblems-header">
        <WarningIcon />
        <h2 id={titleId} className="jp-Launcher-sectionTitle">
          {problemsText(problems.length, trans)}
        </h2>
      </div>
      <ProblemList problems={problems} commands={commands} />
    </div>
  );
}
