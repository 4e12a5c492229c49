import type { KernelSpec } from '@jupyterlab/services';
import * as React from 'react';

import { namePartsOf, providerOf, wholly } from '../naming';
import type { INameParts } from '../naming';

/**
 * The display name of a kernel on one line. If there is too little room, the kernel's part
 * is cut off, never the provider's.
 */
export function KernelLabel({
  spec
}: {
  spec: KernelSpec.ISpecModel;
}): React.JSX.Element {
  const { before, kernel, after } = partsOf(spec);
  return (
    <span className="kpe-KernelLabel">
      {before !== '' && (
        <span className="kpe-KernelLabel-provider">{before}</span>
      )}
      <span className="kpe-KernelLabel-kernel">{kernel}</span>
      {after !== '' && (
        <span className="kpe-KernelLabel-provider">{after}</span>
      )}
    </span>
  );
}

function partsOf(spec: KernelSpec.ISpecModel): INameParts {
  const name = spec.display_name;
  const provider = providerOf(spec);
  return provider === null
    ? wholly(name)
    : namePartsOf(name, provider.kernel, provider.label);
}
