import type { KernelSpec } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { IKernelProviders } from '../tokens';

/** The properties of a field that we use, of those that the Settings Editor passes. */
export interface IFormFieldProps<T> {
  readonly schema: { readonly title?: string };
  readonly idSchema: { readonly $id: string };
  /** The value in the form. */
  readonly formData?: T;
  /** Change the value in the form, which saves it. */
  readonly onChange: (value: T) => void;
}

/** The properties of a field for a setting. */
export interface ISettingsFieldProps<T> extends IFormFieldProps<T> {
  readonly providers: IKernelProviders;
  readonly specs: Pick<KernelSpec.IManager, 'specs'>;
  readonly trans: TranslationBundle;
  readonly commands: CommandRegistry;
}
