import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect } from '@jupyterlab/galata';

import { test } from '../../support/fixtures';
import { freePort } from '../../support/gateway';
import { LOCAL } from '../../support/lab';

test.use({ autoGoto: false });

test('a page says what to do if its server lacks the server extension', async ({
  context
}) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'half-'));
  const port = await freePort();
  const server = spawn(
    'jupyter',
    [
      'lab',
      '--no-browser',
      '--allow-root',
      `--ServerApp.port=${port}`,
      "--ServerApp.jpserver_extensions={'kernel_providers_ext': False}",
      '--IdentityProvider.token=half'
    ],
    { cwd: folder, env: { ...process.env, HOME: folder }, stdio: 'ignore' }
  );
  const ended = once(server, 'exit');
  try {
    const page = await context.newPage();
    const url = `http://127.0.0.1:${port}/lab?token=half`;
    await expect
      .poll(() =>
        page.goto(url).then(
          answer => answer?.status(),
          () => 0
        )
      )
      .toBe(200);

    const toast = page.locator('.Toastify__toast', {
      hasText: 'kernel_providers_ext'
    });
    await expect(toast).toContainText('does not run the server extension');
    await toast.getByRole('button', { name: 'What to do' }).click();
    const dialog = page.locator('.jp-Dialog');
    await expect(dialog.locator('pre')).toContainText(
      'jupyter server extension enable kernel_providers_ext'
    );
    await dialog.getByRole('button', { name: 'Close' }).click();

    // All else is as without this package.
    const card = page.locator('.jp-LauncherCard[data-category="Notebook"]');
    await expect(
      card.and(page.getByTitle(LOCAL, { exact: true }))
    ).toBeVisible();
  } finally {
    server.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
});
