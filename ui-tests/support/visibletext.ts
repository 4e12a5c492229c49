import type { Locator } from '@playwright/test';

/**
 * Return the text of each element that a user sees after scrolling to it, measured from the
 * boxes of its characters: without what is hidden, or cut off by an element around it, and
 * without white space, which has no box at the end of a line.
 */
export function visibleTexts(elements: Locator): Promise<string[]> {
  return elements.evaluateAll(async found => {
    const isCutting = (style: string): boolean => /hidden|clip/.test(style);
    const isSeen = (box: DOMRect, parent: Element | null): boolean => {
      if (parent === null || parent === document.body) {
        return box.width > 0 && box.height > 0;
      }
      const { overflowX, overflowY } = getComputedStyle(parent);
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      const clip = parent.getBoundingClientRect();
      const isInside =
        (!isCutting(overflowX) || (x > clip.left && x < clip.right)) &&
        (!isCutting(overflowY) || (y > clip.top && y < clip.bottom));
      return isInside && isSeen(box, parent.parentElement);
    };
    const texts: string[] = [];
    for (const element of found) {
      element.scrollIntoView({ block: 'center' });
      // What was far away is drawn only now.
      await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      const nodes = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      let text = '';
      for (
        let node = nodes.nextNode();
        node !== null;
        node = nodes.nextNode()
      ) {
        for (let end = 1; end <= (node.nodeValue?.length ?? 0); end += 1) {
          const range = document.createRange();
          range.setStart(node, end - 1);
          range.setEnd(node, end);
          if (isSeen(range.getBoundingClientRect(), node.parentElement)) {
            text += range.toString();
          }
        }
      }
      texts.push(text.replace(/\s/g, ''));
    }
    return texts;
  });
}
