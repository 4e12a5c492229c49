import { expect } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';

import { seriousIn } from '../../support/axe';
import { list, test } from '../../support/fixtures';
import type { Gateway } from '../../support/gateway';
import {
  connect,
  launcherCard,
  LOCAL,
  unavailableBar,
  Notebook
} from '../../support/lab';

const SLOW = {
  name: 'slow',
  displayName: 'Slow Python',
  language: 'python',
  waits: true
};

/** With this timeout, no refresh finds out that a frozen gateway does not answer. */
const FARM = { label: 'GPU farm', timeouts: { request: 60 } };

test('a notebook waits for a kernel that takes long to start, and then runs its cells', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('farm', [SLOW]);
  const notebook = await openSlow(gateway, page);
  const bar = unavailableBar(page);
  await expect(bar).toContainText('Slow Python has been starting on GPU farm');
  await expect(bar).toContainText('s so far.');
  await expect(bar.getByRole('status')).not.toContainText('so far');
  expect(await seriousIn(page, '.kpe-UnavailableBar')).toEqual([]);

  const output = await notebook.run('print("at last")');
  await gateway.letStart();

  await expect(output).toHaveText('at last');
  await expect(bar).toBeHidden();
  await notebook.expectKernel('Slow Python (GPU farm)');
});

test('a start can be cancelled, and leaves nothing behind', async ({
  makeGateway,
  page,
  request
}) => {
  const gateway = await makeGateway('farm', [SLOW]);
  const notebook = await openSlow(gateway, page);
  const [kernel] = await list(request, 'kernels');

  const bar = unavailableBar(page);
  await bar.getByRole('button', { name: 'Cancel' }).click();

  await expect(bar).toBeHidden();
  await expect(notebook.kernelName).toHaveText('No Kernel');
  await expect.poll(() => list(request, 'kernels')).toEqual([]);
  await expect.poll(() => gateway.hasKernel(kernel?.id ?? '')).toBe(false);
  await gateway.letStart();

  // Another kernel starts only when a cell is run.
  await expect(await notebook.run('1 + 1')).toHaveText('2');
  expect(await list(request, 'kernels')).toHaveLength(1);
});

test('a notebook keeps its kernel while the next one starts, or if that is cancelled', async ({
  makeGateway,
  page,
  request
}) => {
  const gateway = await makeGateway('farm');
  await connect(page, gateway, FARM);
  const notebook = await Notebook.create(page, LOCAL);
  await expect(await notebook.run('x = 42; print(x)')).toHaveText('42');
  const [before] = await list(request, 'kernels');
  const select = async (): Promise<void> => {
    const picker = await notebook.openPicker();
    await picker.row(`${LOCAL} (GPU farm)`).click();
    await picker.select.click();
  };
  const bar = unavailableBar(page);

  gateway.freeze();
  await select();
  await expect(bar).toContainText(`${LOCAL} has been starting on GPU farm`);
  await expect(bar).toContainText(
    'The current kernel stays until it has started.'
  );
  expect(await seriousIn(page, '.kpe-UnavailableBar')).toEqual([]);
  await expect(await notebook.run('print(x + 1)')).toHaveText('43');

  await bar.getByRole('button', { name: 'Cancel' }).click();
  await expect(bar).toBeHidden();
  await notebook.expectKernel(LOCAL);
  await expect(page.locator('#jp-main-statusbar')).toContainText(
    `${LOCAL} | Idle`
  );
  await expect(await notebook.run('print(x + 2)')).toHaveText('44');
  const ids = async (): Promise<string[]> =>
    (await list(request, 'kernels')).map(({ id }) => id);
  await expect.poll(ids).toEqual([before?.id]);

  await select();
  await expect(bar).toContainText(
    'The current kernel stays until it has started.'
  );
  gateway.thaw();
  await notebook.expectKernel(`${LOCAL} (GPU farm)`);
  await expect(bar).toBeHidden();
  await expect.poll(ids).toHaveLength(1);
  await expect.poll(ids).not.toContain(before?.id);
});

test('after a switch that fails, the former kernel can be selected again', async ({
  makeGateway,
  page,
  request
}) => {
  const gateway = await makeGateway('farm');
  await connect(page, gateway, FARM);
  const notebook = await Notebook.create(page, LOCAL);
  await expect(await notebook.run('x = 42; print(x)')).toHaveText('42');
  const [before] = await list(request, 'kernels');

  gateway.freeze();
  const picker = await notebook.openPicker();
  await picker.row(`${LOCAL} (GPU farm)`).click();
  await picker.select.click();
  await expect(unavailableBar(page)).toContainText('has been starting');
  await gateway.kill();
  const dialog = page.locator('.jp-Dialog');
  await expect(dialog).toContainText(
    /GPU farm (refuses connections|closed the connection)/
  );
  await dialog.getByRole('button', { name: 'Ok' }).click();

  await notebook.openPicker();
  await dialog
    .getByRole('option')
    .and(dialog.locator(`[data-value*="${before?.id}"]`))
    .click();
  await picker.select.click();
  await notebook.expectKernel(LOCAL);
  await expect(await notebook.run('print(x + 1)')).toHaveText('43');
  expect(await list(request, 'kernels')).toHaveLength(1);
});

test('a start that fails shows why, and can be repeated', async ({
  makeGateway,
  page,
  request
}) => {
  const gateway = await makeGateway('farm');
  await connect(page, gateway, FARM);
  gateway.freeze();
  await launcherCard(page, 'Notebook', `${LOCAL} (GPU farm)`).click();
  await expect(unavailableBar(page)).toContainText('has been starting');

  await gateway.kill();

  const dialog = page.locator('.jp-Dialog');
  await expect(dialog).toContainText('Error Starting Kernel');
  await expect(dialog).toContainText(
    /GPU farm (refuses connections|closed the connection)/
  );
  await dialog.getByRole('button', { name: 'Ok' }).click();
  const notebook = new Notebook(page);
  await expect(notebook.kernelName).toHaveText('No Kernel');
  await expect(unavailableBar(page)).toContainText(
    'GPU farm refuses connections.'
  );
  expect(await list(request, 'kernels')).toEqual([]);

  await gateway.start();
  await expect(unavailableBar(page)).toBeHidden();
  await expect(await notebook.run('1 + 1')).toHaveText('2');
});

/** Open a notebook with a kernel that does not start yet, and wait for the bar. */
async function openSlow(
  gateway: Gateway,
  page: IJupyterLabPageFixture
): Promise<Notebook> {
  await connect(page, gateway, { label: 'GPU farm' });
  await launcherCard(page, 'Notebook', 'Slow Python (GPU farm)').click();
  await expect(unavailableBar(page)).toContainText('has been starting');
  return new Notebook(page);
}
