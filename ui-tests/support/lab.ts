import { expect } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { APIRequestContext, Locator } from '@playwright/test';

import type { Gateway } from './gateway';

/** Display names on launcher cards, in the kernel picker and in toolbars. */
export const LOCAL = 'Python 3 (ipykernel)';
export const DEMO_A = `${LOCAL} (demo-a)`;
export const DEMO_B = `${LOCAL} (demo-b)`;

/** Code that prints its provider; the demo sets the variable in its remote kernels. */
export const PRINT_PLACE =
  'import os; print("runs in", os.environ.get("DEMO_PROVIDER"))';

/**
 * The card of one kernel in the launcher, apart from starred and recent ones.
 *
 * @param page - The page, with a launcher open.
 * @param category - The section of the launcher.
 * @param label - The whole text of the card.
 */
export function launcherCard(
  page: IJupyterLabPageFixture,
  category: 'Notebook' | 'Console',
  label: string
): Locator {
  return page
    .locator(
      `.jp-Launcher:visible .jp-Launcher-section:not(.kpe-ShortcutSection) .jp-LauncherCard[data-category="${category}"]`
    )
    .and(page.getByTitle(label, { exact: true }));
}

/** The button on the card of a remote kernel that opens a console. */
export function consoleButton(
  page: IJupyterLabPageFixture,
  label: string
): Locator {
  return page.getByRole('button', { name: `Console: ${label}`, exact: true });
}

/**
 * The launcher's section of one provider.
 *
 * @param page - The page, with a launcher open.
 * @param id - The provider's id.
 */
export function section(page: IJupyterLabPageFixture, id: string): Locator {
  return page.locator(
    `.jp-Launcher:visible .jp-Launcher-section[data-provider="${id}"]`
  );
}

/**
 * Start and declare a gateway, and wait until the launcher shows that it is online.
 *
 * @param page - The page, with a launcher open.
 * @param settings - Additional or other fields of the declaration.
 */
export async function connect(
  page: IJupyterLabPageFixture,
  gateway: Gateway,
  settings: Record<string, unknown> = {}
): Promise<void> {
  await gateway.start();
  await gateway.declare(settings);
  await expect(section(page, gateway.id)).toContainText('Online');
}

/** The visible notebook. */
export class Notebook {
  readonly panel: Locator;

  /** The toolbar button with the kernel's name, which opens the kernel picker. */
  readonly kernelName: Locator;

  /** The toolbar button with the place of a remote kernel. */
  readonly place: Locator;

  constructor(private readonly page: IJupyterLabPageFixture) {
    this.panel = page.locator('.jp-NotebookPanel:visible');
    this.kernelName = this.panel.locator('.jp-Toolbar-kernelName');
    this.place = this.panel.locator('.kpe-PlaceChip button');
  }

  /** Create a notebook by a click on a card of the launcher. */
  static async create(
    page: IJupyterLabPageFixture,
    label: string
  ): Promise<Notebook> {
    await launcherCard(page, 'Notebook', label).click();
    const notebook = new Notebook(page);
    await notebook.expectKernel(label);
    return notebook;
  }

  /** Wait until the toolbar has this name and the kernel is idle. */
  async expectKernel(label: string): Promise<void> {
    await expectKernelName(this.kernelName, label);
    await expect(
      this.panel.locator('.jp-Notebook-ExecutionIndicator')
    ).toHaveAttribute('data-status', 'idle');
  }

  /**
   * Put code into the last cell and run it.
   *
   * @param code - The code to run.
   *
   * @returns The outputs of the cell, which may not exist yet.
   */
  async run(code: string): Promise<Locator> {
    const cells = this.panel.locator('.jp-CodeCell');
    const count = await cells.count();
    const cell = cells.nth(count - 1);
    await cell.locator('.cm-content').click();
    // Not by typing: the editor would close brackets.
    await this.page.keyboard.insertText(code);
    await this.page.keyboard.press('Shift+Enter');
    await expect(cells).toHaveCount(count + 1);
    return cell.locator('.jp-OutputArea-output');
  }

  /** Open the kernel picker by a click on the kernel's name. */
  async openPicker(): Promise<Picker> {
    await this.kernelName.click();
    const picker = new Picker(this.page);
    await expect(picker.filter).toBeFocused();
    return picker;
  }

  /** Choose another kernel in the kernel picker. */
  async switchKernel(label: string): Promise<void> {
    await this.kernelName.click();
    const dialog = this.page.locator('.jp-Dialog');
    await dialog.getByTitle(label, { exact: true }).click();
    await dialog.getByRole('button', { name: 'Select Kernel' }).click();
    await this.expectKernel(label);
  }
}

/**
 * Wait until the button with the kernel's name is that of a kernel.
 *
 * @param button - The button, which shows a part of the name if the place stands next to it.
 * @param label - The whole name.
 */
export async function expectKernelName(
  button: Locator,
  label: string
): Promise<void> {
  await expect
    .poll(async () => {
      const title = (await button.getAttribute('title')) ?? '';
      const end = title.lastIndexOf('\nSwitch kernel');
      return end === -1 ? button.innerText() : title.slice(0, end);
    })
    .toBe(label);
}

/** The dialog in which the user selects a kernel. */
export class Picker {
  readonly dialog: Locator;
  readonly filter: Locator;
  readonly select: Locator;

  /** The row that Enter accepts. */
  readonly active: Locator;

  constructor(page: IJupyterLabPageFixture) {
    this.dialog = page.locator('.jp-Dialog');
    this.filter = this.dialog.getByRole('combobox');
    this.select = this.dialog.getByRole('button', { name: 'Select Kernel' });
    this.active = this.dialog.locator('[role=option][aria-selected=true]');
  }

  /** The rows of one provider. */
  group(name: string): Locator {
    return this.dialog.getByRole('group', { name });
  }

  /** Show the kernels that this server did not start. */
  async showOtherKernels(): Promise<void> {
    await this.dialog
      .getByRole('button', { name: 'Show kernels from other sessions' })
      .click();
    await expect(this.dialog).toContainText(/\d found|None found/);
  }

  /** The row of a kernel that can be started. */
  row(label: string): Locator {
    return this.dialog
      .getByRole('option')
      .and(this.dialog.getByTitle(label, { exact: true }));
  }
}

/** The bar of the visible notebook. */
export function unavailableBar(page: IJupyterLabPageFixture): Locator {
  return page.locator('.jp-NotebookPanel:visible .kpe-UnavailableBar');
}

/**
 * Open a notebook whose kernel is not available.
 *
 * @param file - Its path on the server.
 *
 * @returns Its bar.
 */
export async function openNotebook(
  page: IJupyterLabPageFixture,
  file: string
): Promise<Locator> {
  await page.evaluate(async path => {
    await window.jupyterapp.commands.execute('docmanager:open', { path });
  }, file);
  const bar = unavailableBar(page);
  await expect(bar).toBeVisible();
  return bar;
}

/** Write a notebook to the server with a kernel in its metadata. */
export async function writeNotebook(
  request: APIRequestContext,
  file: string,
  kernelName: string
): Promise<void> {
  const response = await request.put(`/api/contents/${file}`, {
    data: {
      type: 'notebook',
      content: {
        cells: [],
        metadata: {
          kernelspec: {
            name: kernelName,
            display_name: 'Python 3',
            language: 'python'
          },
          language_info: { name: 'python' }
        },
        nbformat: 4,
        nbformat_minor: 5
      }
    }
  });
  expect(response.ok()).toBe(true);
}

/** Open a notebook whose provider does not exist, and return its bar. */
export async function openUnknown(
  page: IJupyterLabPageFixture,
  folder: string
): Promise<Locator> {
  const file = `${folder}/unknown.ipynb`;
  await writeNotebook(page.request, file, 'nowhere/python3');
  return openNotebook(page, file);
}
