import { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

const PATH =
  'M8 1.8l1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.6l-3.8 2 .7-4.3-3.1-3 4.3-.6z';

function icon(name: string, fill: string): LabIcon {
  return new LabIcon({
    name: `kernel-providers-ext:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16" fill="${fill}" stroke="currentColor" stroke-width="1.2" stroke-linejoin="round"><path d="${PATH}"/></svg>`
  });
}

const FULL = icon('star', 'currentColor');
const EMPTY = icon('star-empty', 'none');

/** A star, full or empty. It has no text. */
export function Star({ isFull }: { isFull: boolean }): React.JSX.Element {
  const Icon = (isFull ? FULL : EMPTY).react;
  return <Icon tag="span" className="kpe-Star" />;
}
