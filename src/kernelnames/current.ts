import type { ISessionContext } from '@jupyterlab/apputils';
import type { KernelSpec } from '@jupyterlab/services';

import { providerOf } from '../naming';
import { NAME_SEPARATOR } from '../tokens';
import type { IKernelProviders, IProvider } from '../tokens';

/**
 * Return the kernelspec of the kernel that a session has or, if it has none, is about to
 * have.
 *
 * The latter is found by its display name, which is unique, as it has no id yet.
 */
export function currentSpec(
  { kernelDisplayName, session }: ISessionContext,
  specs: KernelSpec.ISpecModels | null
): KernelSpec.ISpecModel | undefined {
  const kernelspecs = specs?.kernelspecs ?? {};
  const kernel = session?.kernel;
  return kernel
    ? kernelspecs[kernel.name]
    : Object.values(kernelspecs).find(
        spec => spec?.display_name === kernelDisplayName
      );
}

/**
 * Return the provider of that kernel.
 *
 * @returns Null for a local kernel, for one of the only gateway, whose names have no
 * prefix, and if there is no kernel or its provider is not known.
 */
export function currentProvider(
  context: ISessionContext,
  specs: KernelSpec.ISpecModels | null,
  providers: IKernelProviders
): IProvider | null {
  const name = context.session?.kernel?.name ?? '';
  const spec = currentSpec(context, specs);
  const id = name.includes(NAME_SEPARATOR)
    ? providers.idOf(name) // its kernelspec may be gone
    : spec && providerOf(spec)?.id;
  return providers.get(id ?? '') ?? null;
}
