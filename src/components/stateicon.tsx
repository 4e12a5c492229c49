import { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ProviderState } from '../tokens';

/**
 * An icon of 16 by 16 pixels in the colour of the text.
 *
 * The icons differ in shape, so that they can be told apart without colours.
 */
function icon(name: string, paths: string): LabIcon {
  return new LabIcon({
    name: `kernel-providers-ext:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">${paths}</svg>`
  });
}

const RING = '<circle cx="8" cy="8" r="6"/>';

const STATE_ICONS: Readonly<Record<ProviderState, LabIcon>> = {
  online: icon(
    'online',
    '<path fill="currentColor" stroke="none" fill-rule="evenodd" d="M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1m3.8 5.3-4.6 4.9a.8.8 0 0 1-1.1 0L4.2 9.2a.75.75 0 0 1 1.1-1.05l1.35 1.4 4.05-4.3a.75.75 0 0 1 1.1 1.05"/>'
  ),
  checking: icon('checking', '<path d="M8 2a6 6 0 1 1-6 6"/>'),
  slow: icon('slow', `${RING}<path d="M8 4.8V8l2.2 1.6"/>`),
  blocked: icon('blocked', '<path d="M2 8h8.5m-3-3 3 3-3 3M13.5 3v10"/>'),
  offline: icon('offline', `${RING}<path d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4"/>`),
  unauthorised: icon(
    'sign-in',
    '<circle cx="5" cy="11" r="3"/><path d="m7.2 8.8 5.8-5.8m-2.3 2.3 2 2"/>'
  ),
  incompatible: icon(
    'incompatible',
    '<path d="M2.5 5.5h3c-.8-1.5 0-3 1.3-3s2.1 1.5 1.3 3h2.9v2.9c1.5-.8 3 0 3 1.3s-1.5 2.1-3 1.3v2.5H2.5z"/>'
  ),
  off: icon('off', '<path d="M3 8h10"/>')
};

const WARNING = icon(
  'warning',
  '<path d="M8 2.2 1.8 13.3h12.4zM8 6.5v3.2m0 1.8v.1"/>'
);

/** The icon of a warning about a provider. It has no text, as the text is next to it. */
export function WarningIcon(): React.JSX.Element {
  return <WARNING.react tag="span" className="kpe-WarningIcon" />;
}

/** Return the icon of a state, for JupyterLab's own lists. */
export function stateIcon(state: ProviderState): LabIcon {
  return STATE_ICONS[state];
}

/** The icon of a state. It has no text, as the word or a message is next to it. */
export function StateIcon({
  state
}: {
  state: ProviderState;
}): React.JSX.Element {
  const Icon = STATE_ICONS[state].react;
  return <Icon tag="span" className={`kpe-StateIcon kpe-mod-${state}`} />;
}
