import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { duration } from '../text';
import { useNow } from './usenow';

const SECOND = 1000;

/** Counts the seconds since something began. */
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
