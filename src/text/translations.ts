import { translateKernelStatuses } from '@jupyterlab/apputils';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';

import { TRANSLATION_DOMAIN } from '../tokens';

/** Texts in the user's language. */
export interface IWords {
  /** Our own. */
  readonly trans: TranslationBundle;
  /** JupyterLab's, for what it says in the same words; they are translated already. */
  readonly lab: TranslationBundle;
  /** JupyterLab's words for the states of kernels. */
  readonly statuses: ReadonlyMap<string, string>;
}

/** The texts of a translator. */
export function wordsOf(translator: ITranslator): IWords {
  return {
    trans: translator.load(TRANSLATION_DOMAIN),
    lab: translator.load('jupyterlab'),
    statuses: new Map(Object.entries(translateKernelStatuses(translator)))
  };
}
