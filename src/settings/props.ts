import type { KernelSpec } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IKernelProviders } from '../tokens';

/** What the form of the Settings Editor hands to a field of ours; more than this, in fact. */
export interface IFormFieldProps<T> {
  readonly schema: { readonly title?: string };
  readonly idSchema: { readonly $id: string };
  /** The setting as it is in the form. */
  readonly formData?: T;
  /** Put another value into the form, which saves it. */
  readonly onChange: (value: T) => void;
}

/** The properties of a field for a setting. */
export interface ISettingFieldProps<T> extends IFormFieldProps<T> {
  readonly providers: IKernelProviders;
  readonly specs: Pick<KernelSpec.IManager, 'specs'>;
  readonly trans: TranslationBundle;
}
