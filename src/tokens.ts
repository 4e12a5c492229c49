import type { KernelSpec } from '@jupyterlab/services';

/** Name of the package, and the part of every plugin id before the `:`. */
export const PACKAGE_NAME = 'kernel-providers-ext';

/** Id of the plugin that provides the kernel spec manager. */
export const SPECS_PLUGIN_ID = `${PACKAGE_NAME}:specs`;

/** Joins provider and kernel in the name of a remote kernel: `gpu-farm/python3`. */
export const NAME_SEPARATOR = '/';

/**
 * Answer of `GET api/kernelspecs`: `default` is the name of a kernel,
 * `kernelspecs` maps names such as `python3` or `gpu-farm/python3` to specs.
 */
export type KernelSpecsJSON = KernelSpec.ISpecModels;

/**
 * One kernel specification. `resources` maps keys such as `logo-64x64` to URLs:
 * paths on this server, or absolute URLs.
 */
export type KernelSpecJSON = KernelSpec.ISpecModel;
