import type { KernelSpec } from '@jupyterlab/services';
import * as React from 'react';

import { namePartsOf, wholly } from '../naming/parts';
import type { INameParts } from '../naming/parts';
import { providerOf } from '../naming/displayname';

/**
 * The display name of a kernel on one line. Where there is too little room, the kernel's
 * own part of it is cut off, never the provider's.
 */
export function KernelName({
  spec
}: {
  spec: KernelSpec.ISpecModel;
}): React.JSX.Element {
  const { before, kernel, after } = partsOf(spec);
  return (
    <span className="kpe-KernelName">
      {before !== '' && <span className="kpe-KernelName-place">{before}</span>}
      <span className="kpe-KernelName-kernel">{kernel}</span>
      {after !== '' && <span className="kpe-KernelName-place">{after}</span>}
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
