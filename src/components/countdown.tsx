import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { nextTry } from '../text';
import type { IProvider } from '../tokens';
import { useNow } from './usenow';

const SECOND = 1000;

/** Counts the seconds until the server asks a provider again. */
export function Countdown({
  provider,
  trans
}: {
  readonly provider: IProvider;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  return <>{nextTry(provider, trans, useNow(SECOND))}</>;
}
