import * as React from 'react';

/** What can have the focus in a section; a console button is reached by Ctrl+Enter. */
const ITEMS =
  '.kpe-ProviderSection-toggle, .kpe-ProviderSection-warnings, .kpe-LauncherButton, .jp-LauncherCard';

/** The edges of an item on the page. */
export type Box = Pick<DOMRect, 'left' | 'right' | 'top' | 'bottom'>;

/**
 * Makes a section one tab stop, in which arrows, Home and End move the focus.
 *
 * See "Keyboard Navigation Inside Components" in the ARIA Authoring Practices Guide.
 *
 * @param isOn - If not, each item is a tab stop, as in the stock launcher.
 *
 * @returns The properties of the section's element.
 */
export function useRovingFocus(isOn: boolean): {
  readonly ref: React.RefObject<HTMLDivElement>;
  readonly onFocus: (event: React.FocusEvent) => void;
  readonly onKeyDown: (event: React.KeyboardEvent) => void;
} {
  const ref = React.useRef<HTMLDivElement>(null);
  // After each rendering, as items come and go. React does not know of these changes, so
  // that thousands of cards need not be rendered again when the focus moves.
  React.useLayoutEffect(() => {
    const items = itemsIn(ref.current);
    // The item that had the tab stop may be gone.
    const current = items.find(({ tabIndex }) => tabIndex === 0) ?? items[0];
    items.forEach(item => {
      item.tabIndex = !isOn || item === current ? 0 : -1;
    });
  });
  return {
    ref,
    onFocus: ({ target }) => {
      const items = isOn ? itemsIn(ref.current) : [];
      if (items.some(item => item === target)) {
        items.forEach(item => {
          item.tabIndex = item === target ? 0 : -1;
        });
      }
    },
    onKeyDown: event => {
      const isModified =
        event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
      const items = isOn && !isModified ? itemsIn(ref.current) : [];
      const index = items.findIndex(item => item === event.target);
      const boxes = items.map(item => item.getBoundingClientRect());
      const next = destination(event.key, boxes, index);
      if (next !== null) {
        event.preventDefault();
        items[next]?.focus();
      }
    }
  };
}

/**
 * Return the index of the item that a key leads to; null if the key has no meaning here.
 *
 * @param boxes - Of all items, in the order of reading.
 * @param index - The item with the focus; -1 if none has it.
 */
export function destination(
  key: string,
  boxes: readonly Box[],
  index: number
): number | null {
  const box = boxes[index];
  if (box === undefined) {
    return null;
  }
  switch (key) {
    case 'ArrowLeft':
      return Math.max(index - 1, 0);
    case 'ArrowRight':
      return Math.min(index + 1, boxes.length - 1);
    case 'ArrowDown':
      return nearest(boxes, box, other => other.top - box.bottom) ?? index;
    case 'ArrowUp':
      return nearest(boxes, box, other => box.top - other.bottom) ?? index;
    case 'Home':
      return 0;
    case 'End':
      return boxes.length - 1;
    default:
      return null;
  }
}

/** Return the item in the next row that is nearest in the line of sight. */
function nearest(
  boxes: readonly Box[],
  box: Box,
  distance: (other: Box) => number
): number | undefined {
  const rest = boxes
    .map((other, index) => ({ index, other, gap: distance(other) }))
    .filter(({ gap }) => gap > -1); // boxes may overlap by a part of a pixel
  const aside = ({ other }: { other: Box }): number =>
    Math.abs(other.left + other.right - box.left - box.right);
  const next = Math.min(...rest.map(({ gap }) => gap));
  const height = box.bottom - box.top;
  return rest
    .filter(({ gap }) => gap < next + height / 2)
    .sort((a, b) => aside(a) - aside(b))[0]?.index;
}

function itemsIn(section: HTMLElement | null): HTMLElement[] {
  return [...(section?.querySelectorAll<HTMLElement>(ITEMS) ?? [])];
}
