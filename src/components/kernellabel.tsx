import * as React from 'react';

import type { IKernelLabel } from '../naming';

/** The label of a kernel in a list, whole, on as many lines as it takes. */
export function KernelLabel({
  label: { name, place },
  isPlaceKnown
}: {
  readonly label: IKernelLabel;
  /** Whether a heading has the place, so that only screen readers need it here. */
  readonly isPlaceKnown: boolean;
}): React.JSX.Element {
  return (
    <span className="kpe-KernelLabel">
      <span className="kpe-KernelLabel-name">{name}</span>
      {place !== '' && (
        <span
          className={
            isPlaceKnown ? 'kpe-visually-hidden' : 'kpe-KernelLabel-place'
          }
        >
          {place}
        </span>
      )}
    </span>
  );
}
