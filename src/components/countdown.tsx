import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { nextTry } from '../text/messages';
import type { IProvider } from '../tokens';
import { useNow } from './usenow';

const SECOND = 1000;

/** When the server asks a provider again by itself, from second to second. */
export function Countdown({
  provider,
  trans
}: {
  readonly provider: IProvider;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  return <>{nextTry(provider, trans, useNow(SECOND))}</>;
}
