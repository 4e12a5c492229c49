import type { TranslationBundle } from '@jupyterlab/translation';

import { nameAtProvider } from '../naming';
import { NAME_SEPARATOR } from '../tokens';
import type { IKernelProviders } from '../tokens';

/** Say that a provider, by its label, does not have a kernel. */
export function noKernelText(
  label: string,
  kernel: string,
  trans: TranslationBundle
): string {
  return trans.__('%1 does not have the kernel “%2”.', label, kernel);
}

/** Say that this server does not have the provider of a kernel. */
export function noProviderText(
  id: string,
  kernel: string,
  trans: TranslationBundle
): string {
  return trans.__(
    'The kernel “%2” belongs to the provider “%1”, which this server does not have.',
    id,
    kernel
  );
}

/** Say that there is no kernel with this name, such as `gpu-farm/julia` or `julia`. */
export function missingKernelText(
  name: string,
  providers: Pick<IKernelProviders, 'get' | 'idOf'>,
  trans: TranslationBundle
): string {
  const id = providers.idOf(name);
  const kernel = nameAtProvider(name);
  const provider = providers.get(id);
  if (provider !== undefined) {
    return noKernelText(provider.label, kernel, trans);
  }
  return name.includes(NAME_SEPARATOR)
    ? noProviderText(id, kernel, trans)
    : trans.__('The kernel “%1” is not available.', kernel);
}
