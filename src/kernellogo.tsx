import type { KernelSpec } from '@jupyterlab/services';
import * as React from 'react';

import { providerOf } from './names';

/** The logo of a kernel; the first letter of its name where there is none. */
export function KernelLogo({
  spec
}: {
  spec: KernelSpec.ISpecModel | undefined;
}): React.JSX.Element {
  const url = spec?.resources['logo-svg'] || spec?.resources['logo-64x64'];
  const [failedUrl, setFailedUrl] = React.useState<string>();
  if (url && url !== failedUrl) {
    return (
      <img
        className="kpe-KernelLogo"
        src={url}
        alt=""
        loading="lazy"
        onError={() => {
          setFailedUrl(url);
        }}
      />
    );
  }
  const [letter = '?'] = nameOf(spec).trim();
  return (
    <span className="kpe-KernelLogo kpe-mod-letter" aria-hidden="true">
      {letter.toLocaleUpperCase()}
    </span>
  );
}

/** The kernel's own name; the letter must not be its provider's. */
function nameOf(spec: KernelSpec.ISpecModel | undefined): string {
  return spec === undefined
    ? ''
    : providerOf(spec)?.kernel || spec.display_name;
}
