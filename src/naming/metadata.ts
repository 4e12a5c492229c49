import type { KernelSpec } from '@jupyterlab/services';
import type { PartialJSONObject } from '@lumino/coreutils';

/** The strings that the server puts into the metadata of remote kernelspecs. */
const ID = 'kernel_provider';
const LABEL = 'kernel_provider_label';
const KERNEL = 'kernel_display_name';
const KEYS = [ID, LABEL, KERNEL];

/**
 * Read from the metadata of a kernelspec which provider it belongs to.
 *
 * The server gives remote kernelspecs the flat strings `kernel_provider` (an id),
 * `kernel_provider_label`, and `kernel_display_name` (the display name at the provider).
 *
 * @returns The provider's id and label, and the kernel's display name at the provider;
 * null for a local kernelspec.
 */
export function providerOf(
  spec: KernelSpec.ISpecModel
): { id: string; label: string; kernel: string } | null {
  const metadata = spec.metadata ?? {};
  const id = metadata[ID];
  const label = metadata[LABEL];
  const kernel = metadata[KERNEL];
  return typeof id === 'string' &&
    typeof label === 'string' &&
    typeof kernel === 'string'
    ? { id, label, kernel }
    : null;
}

/**
 * Make the metadata of remote kernelspecs readable in tables, such as that of
 * jupyterlab-launchpad, which has a column for each key that it finds.
 *
 * @param specs - The catalog; it is not changed.
 *
 * @returns A copy that shares the kernelspecs of local kernels. Remote ones have the key
 * `Provider`; the server's keys are still there, but are not enumerated.
 */
export function withReadableMetadata(
  specs: KernelSpec.ISpecModels
): KernelSpec.ISpecModels {
  const kernelspecs = { ...specs.kernelspecs };
  for (const [name, spec] of Object.entries(specs.kernelspecs)) {
    const provider = spec === undefined ? null : providerOf(spec);
    if (spec !== undefined && provider !== null) {
      const metadata = readable(spec, provider.label);
      kernelspecs[name] = { ...spec, metadata };
    }
  }
  return { ...specs, kernelspecs };
}

function readable(
  spec: KernelSpec.ISpecModel,
  label: string
): PartialJSONObject {
  const metadata: PartialJSONObject = { ...spec.metadata, Provider: label };
  for (const key of KEYS) {
    Object.defineProperty(metadata, key, { enumerable: false });
  }
  return metadata;
}
