import type { ISessionContext } from '@jupyterlab/apputils';
import type { KernelSpec } from '@jupyterlab/services';

import { providerOf } from '../naming';
import { NAME_SEPARATOR } from '../tokens';
import type { IKernelProviders, IProvider } from '../tokens';

/**
 * Return the kernelspec of the kernel that a session has, or is about to have.
 *
 * It is found by its display name, which is unique: a kernel that is starting has no id yet.
 */
export function currentSpec(
  { kernelDisplayName }: Pick<ISessionContext, 'kernelDisplayName'>,
  specs: KernelSpec.ISpecModels | null
): KernelSpec.ISpecModel | undefined {
  return Object.values(specs?.kernelspecs ?? {}).find(
    spec => spec?.display_name === kernelDisplayName
  );
}

/**
 * Return the provider of the kernel that a session has, or is about to have.
 *
 * @returns Null for a local kernel, and if there is no kernel or its provider is not known.
 */
export function currentProvider(
  context: ISessionContext,
  specs: KernelSpec.ISpecModels | null,
  providers: IKernelProviders
): IProvider | null {
  const name = context.session?.kernel?.name ?? '';
  // A name without a prefix is that of a local kernel, or of the only gateway.
  const id = name.includes(NAME_SEPARATOR) ? providers.idOf(name) : null;
  const spec = name === '' ? currentSpec(context, specs) : undefined;
  return providers.get(id ?? (spec && providerOf(spec)?.id) ?? '') ?? null;
}
