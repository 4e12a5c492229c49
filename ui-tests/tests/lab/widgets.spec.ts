import { expect } from '@jupyterlab/galata';

import { test } from '../../support/fixtures';
import { DEMO_A, Notebook } from '../../support/lab';

test('a slider is moved from the page and from a remote kernel', async ({
  page
}) => {
  const notebook = await Notebook.create(page, DEMO_A);
  const output = await notebook.run(`
import ipywidgets
slider = ipywidgets.IntSlider(value=7)
seen = ipywidgets.Label("nothing seen yet")
slider.observe(lambda change: setattr(seen, "value", f"kernel saw {change.new}"), "value")
ipywidgets.VBox([slider, seen])
`);
  const handle = output.getByRole('slider');
  await expect(output.locator('.widget-readout')).toHaveText('7');

  await handle.focus();
  await handle.press('ArrowRight');
  await expect(output.getByText('kernel saw 8')).toBeVisible();
  await expect(await notebook.run('slider.value')).toHaveText('8');

  await notebook.run('slider.value = 42');
  await expect(output.locator('.widget-readout')).toHaveText('42');
  await expect(handle).toHaveAttribute('aria-valuenow', '42.0');
});

test('bytes travel between widgets and a remote kernel', async ({ page }) => {
  const notebook = await Notebook.create(page, DEMO_A);
  const output = await notebook.run(`
import ipywidgets
upload = ipywidgets.FileUpload()
image = ipywidgets.Image(format="png")
def show(change):
    image.value = change.new[0].content.tobytes()
upload.observe(show, "value")
ipywidgets.VBox([upload, image])
`);
  // 3 × 2 pixels, with bytes that are not text.
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAEElEQVR42mP438AAQQxwFgBf0gj7ZoGl2gAAAABJRU5ErkJggg==',
    'base64'
  );

  const opened = page.waitForEvent('filechooser');
  await output.getByRole('button', { name: 'Upload' }).click();
  const chooser = await opened;
  await chooser.setFiles({
    name: 'image.png',
    mimeType: 'image/png',
    buffer: png
  });

  await expect
    .poll(() =>
      output
        .locator('img')
        .evaluate((image: HTMLImageElement) => [
          image.naturalWidth,
          image.naturalHeight
        ])
    )
    .toEqual([3, 2]);
  await expect(await notebook.run('print(image.value.hex())')).toHaveText(
    png.toString('hex')
  );
});
