import { translateKernelStatuses } from '@jupyterlab/apputils';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';

import { TRANSLATION_DOMAIN } from '../tokens';

/** Translations into the user's language. */
export interface ITranslations {
  /** Our texts. */
  readonly trans: TranslationBundle;
  /** JupyterLab's texts, for texts that we share with it; they are translated already. */
  readonly lab: TranslationBundle;
  /** JupyterLab's words for the status of kernels. */
  readonly statuses: ReadonlyMap<string, string>;
}

/** Load the translations. */
export function translationsOf(translator: ITranslator): ITranslations {
  return {
    trans: translator.load(TRANSLATION_DOMAIN),
    lab: translator.load('jupyterlab'),
    statuses: new Map(Object.entries(translateKernelStatuses(translator)))
  };
}
