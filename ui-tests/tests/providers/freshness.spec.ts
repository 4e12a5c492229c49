import { expect } from '@jupyterlab/galata';

import { test } from '../../support/fixtures';
import { provider } from '../../support/gateway';
import { section } from '../../support/lab';

// JupyterLab polls 61 seconds after the page was loaded, and we poll after 60. Changes
// that show earlier show because of the server's events.

test('a provider that is added, stopped and started again is updated at once', async ({
  makeGateway,
  page,
  request
}) => {
  const gateway = await makeGateway('late', [
    { name: 'julia', displayName: 'Julia 1.12', language: 'julia' }
  ]);
  await gateway.start();
  await expect(section(page, 'demo-b')).toBeVisible();
  await expect(section(page, 'late')).toHaveCount(0);

  await gateway.declare();
  const late = section(page, 'late');
  await expect(
    late.getByTitle('Julia 1.12 (late)', { exact: true })
  ).toBeVisible();
  await expect(late).toContainText('Online');

  await gateway.stop();
  await expect
    .poll(async () => (await provider(request, 'late'))?.state)
    .toBe('offline');
  await expect(late).toContainText('Offline');
  await expect(late).toContainText('late refuses connections.');
  // Its kernels stay.
  await expect(
    late.getByTitle('Julia 1.12 (late)', { exact: true })
  ).toBeVisible();

  const asked = page.waitForResponse(/\/api\/kernel-providers\/late\/retry/);
  await late.getByRole('button', { name: 'Retry' }).click();
  expect((await asked).ok()).toBe(true);
  await expect(late).toContainText('Offline');

  await gateway.start();
  await expect(late).toContainText('Online');
  await expect(late.getByRole('button', { name: 'Retry' })).toHaveCount(0);
});

test('unchanged kernelspecs redraw nothing and load no icon', async ({
  page
}) => {
  await expect(section(page, 'demo-b')).toBeVisible();
  const requests: string[] = [];
  page.on('request', request => requests.push(request.url()));

  const changes = await page.evaluate(async () => {
    const records: MutationRecord[] = [];
    const observer = new MutationObserver(found => records.push(...found));
    observer.observe(document.querySelector('.jp-Launcher') as Element, {
      attributes: true,
      characterData: true,
      childList: true,
      subtree: true
    });
    for (let round = 0; round < 3; round++) {
      await window.jupyterapp.serviceManager.kernelspecs.refreshSpecs();
    }
    await new Promise(requestAnimationFrame);
    records.push(...observer.takeRecords());
    return records.map(({ target, type }) => `${type} of ${target.nodeName}`);
  });

  expect(changes).toEqual([]);
  expect(requests.filter(url => url.includes('/api/kernelspecs'))).toHaveLength(
    3
  );
  expect(requests.filter(url => /\/kernelspecs\/.+\/logo/.test(url))).toEqual(
    []
  );
});
