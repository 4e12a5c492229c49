import { expect } from '@jupyterlab/galata';

import { test } from '../../support/fixtures';
import { openUnknown, Picker, section } from '../../support/lab';

// JupyterLab marks translatable texts; a text without a mark cannot be translated.
test.use({
  mockSettings: {
    '@jupyterlab/apputils-extension:notification': { fetchNews: 'false' },
    '@jupyterlab/translation-extension:plugin': {
      displayStringsPrefix: true,
      stringsPrefix: '!!'
    }
  }
});

test('all texts of the extension can be translated', async ({
  makeGateway,
  page,
  tmpPath
}) => {
  await (await makeGateway('late')).declare();
  const late = section(page, 'late');
  await expect(late.locator('.kpe-ProviderSection-state')).toHaveText(
    '!!Offline'
  );
  await expect(late.getByRole('button')).toHaveText([
    'late',
    '!!Retry',
    '!!Details'
  ]);
  await expect(late.locator('.kpe-ProviderStatus p')).toHaveText(
    /^!!late refuses connections\. !!Retrying/
  );
  await expect(late.locator('.kpe-ProviderSection-empty')).toHaveText(/^!!/);
  await expect(page.getByRole('searchbox')).toHaveAttribute(
    'placeholder',
    /^!!/
  );
  await expect(section(page, 'demo-a')).toContainText('!!Online');
  await expect(
    section(page, 'demo-a').locator('.jp-Launcher-sectionHeader')
  ).toHaveAttribute('title', /^!!\d+ ms · !!1 kernel$/);
  await expect(page.locator('.kpe-StatusItem')).toContainText('!!');

  const bar = await openUnknown(page, tmpPath);
  await expect(bar.getByRole('status')).toHaveText(/^!!/);
  const buttons = bar.getByRole('button');
  await expect(buttons).toHaveText([/^!!Use Python/, /^!!Select another/]);

  await buttons.last().click();
  const picker = new Picker(page);
  await expect(picker.dialog.locator('.kpe-Picker-label')).toHaveText(/^!!/);
  await expect(picker.filter).toHaveAttribute('placeholder', /^!!/);
  await expect(picker.dialog.locator('.kpe-Picker-unavailable')).toHaveText(
    /^!!/
  );
  await expect(picker.dialog.locator('.kpe-Picker-retries button')).toHaveText(
    /^!!/
  );
  await expect(picker.group('demo-a')).toContainText('!!Online');
  await expect(picker.group('!!This server')).toBeVisible();
});
