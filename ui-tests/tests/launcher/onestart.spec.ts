import { expect } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { APIRequestContext } from '@playwright/test';

import { list, test } from '../../support/fixtures';
import { provider } from '../../support/gateway';
import type { Gateway } from '../../support/gateway';
import { LOCAL, launcherCard, Notebook } from '../../support/lab';

const ONCE = `${LOCAL} (once)`;
/** Whether a request is for the providers. */
const PROVIDERS = (url: URL): boolean =>
  url.pathname === '/api/kernel-providers';

/** Collect the requests of the page that start a kernel, from now on. */
function startsOf(page: IJupyterLabPageFixture): string[] {
  const starts: string[] = [];
  page.on('request', request => {
    const { pathname } = new URL(request.url());
    if (
      request.method() === 'POST' &&
      /^\/api\/(sessions|kernels)$/.test(pathname)
    ) {
      starts.push(pathname);
    }
  });
  return starts;
}

/** Start a gateway that lists all its kernels. */
async function once(
  makeGateway: (id: string) => Promise<Gateway>,
  request: APIRequestContext
): Promise<void> {
  const gateway = await makeGateway('once');
  await gateway.start('--JupyterWebsocketPersonality.list_kernels=True');
  await gateway.declare();
  await expect
    .poll(async () => (await provider(request, 'once'))?.state)
    .toBe('online');
}

/** Count the kernels of this server, and those at the gateway that it does not know of. */
async function count(request: APIRequestContext): Promise<[number, number]> {
  const others = await request.get('/api/kernel-providers/once/kernels');
  const { kernels } = (await others.json()) as { kernels: unknown[] };
  return [(await list(request, 'kernels')).length, kernels.length];
}

test.describe('a card that is clicked as it appears, and again', () => {
  test.use({
    autoGoto: false,
    // Galata would wait for the launcher, which is gone by then.
    // eslint-disable-next-line no-empty-pattern -- Playwright insists on a pattern
    waitForApplication: async ({}, use) => {
      await use(() => Promise.resolve());
    }
  });

  for (const isEarly of [false, true]) {
    const when = isEarly ? 'before the providers are known' : 'at once';
    test(`starts one kernel: ${when}`, async ({
      makeGateway,
      page,
      request
    }) => {
      await once(makeGateway, request);
      const starts = startsOf(page);
      let answer = (): void => undefined;
      const held = new Promise<void>(resolve => {
        answer = resolve;
      });
      if (isEarly) {
        await page.route(PROVIDERS, async route => {
          await held;
          await route.continue();
        });
      }
      await page.addInitScript(() => {
        const observer = new MutationObserver(() => {
          const card = document.querySelector<HTMLElement>(
            '[data-provider="once"] .jp-LauncherCard'
          );
          if (card !== null) {
            observer.disconnect();
            for (const delay of [0, 0, 50, 150, 300]) {
              setTimeout(() => card.click(), delay);
            }
          }
        });
        observer.observe(document, { subtree: true, childList: true });
      });

      await page.goto('?reset');
      const notebook = new Notebook(page);
      await expect(notebook.panel).toBeVisible();
      answer();
      await notebook.expectKernel(ONCE);

      expect(starts).toEqual(['/api/sessions']);
      expect(await count(request)).toEqual([1, 0]);
    });
  }
});

test('a double click and a held key start one kernel each', async ({
  makeGateway,
  page,
  request
}) => {
  await once(makeGateway, request);
  const starts = startsOf(page);
  const card = launcherCard(page, 'Notebook', ONCE);
  await card.dblclick();
  await new Notebook(page).expectKernel(ONCE);
  expect(starts).toHaveLength(1);

  await page.menu.clickMenuItem('File>New Launcher');
  await card.focus();
  for (let repeat = 0; repeat < 8; repeat++) {
    await page.keyboard.down('Enter');
  }
  await page.keyboard.up('Enter');
  await new Notebook(page).expectKernel(ONCE);
  expect(starts).toHaveLength(2);
  expect(await count(request)).toEqual([2, 0]);
});
