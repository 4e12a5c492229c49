import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

/** Return the serious and critical issues that axe finds in an element. */
export async function seriousIn(
  page: Page,
  selector: string
): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .include(selector)
    .analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}
