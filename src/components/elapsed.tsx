import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { duration } from '../text/messages';
import { useNow } from './usenow';

const SECOND = 1000;

/** How long something has lasted, from second to second. */
export function Elapsed({
  since,
  trans
}: {
  readonly since: Date;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  const now = useNow(SECOND);
  return (
    <span className="kpe-Elapsed">
      {trans.__('%1 so far.', duration(since, trans, now))}
    </span>
  );
}
