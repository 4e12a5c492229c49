import { expect } from '@jupyterlab/galata';
import type { Locator, Page } from '@playwright/test';

/** The dialog in which a provider is added or changed. */
export class ProviderForm {
  readonly dialog: Locator;
  readonly address: Locator;
  readonly token: Locator;
  readonly name: Locator;
  readonly outcome: Locator;

  constructor(page: Pick<Page, 'locator'>) {
    this.dialog = page.locator('.kpe-ProviderDialog');
    this.address = this.dialog.getByLabel('Address');
    this.token = this.dialog.getByLabel('Token', { exact: true });
    this.name = this.dialog.getByLabel('Name');
    this.outcome = this.dialog.getByRole('status');
  }

  /** A button below the form. */
  button(name: string): Locator {
    return this.dialog
      .locator('.jp-Dialog-footer')
      .getByRole('button', { name, exact: true });
  }

  /** Wait until it is shown, with the focus in the address. */
  async expectOpen(): Promise<void> {
    await expect(this.address).toBeFocused();
  }
}
