import { Dialog } from '@jupyterlab/apputils';
import type { KernelSpec } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect, ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IKernelProviders } from '../tokens';

/** Milliseconds to wait for the kernels of a new provider. */
const PATIENCE = 10_000;

/**
 * Wait until kernels of a provider are listed.
 *
 * @returns A promise of their names, sorted by what people see; empty if none was listed in
 * time. Never rejected.
 */
export async function kernelsOf(
  id: string,
  providers: IKernelProviders,
  specs: KernelSpec.IManager
): Promise<string[]> {
  const listed = (): string[] => {
    const known = specs.specs?.kernelspecs ?? {};
    const label = (name: string): string => known[name]?.display_name ?? name;
    return Object.keys(known)
      .filter(name => providers.idOf(name) === id)
      .sort((a, b) => label(a).localeCompare(label(b)));
  };
  await Promise.allSettled([providers.refresh(), specs.refreshSpecs()]);
  if (listed().length > 0) {
    return listed();
  }
  return new Promise(resolve => {
    const finish = (): void => {
      clearTimeout(timer);
      specs.specsChanged.disconnect(check);
      resolve(listed());
    };
    const check = (): void => {
      if (listed().length > 0) {
        finish();
      }
    };
    const timer = setTimeout(finish, PATIENCE);
    specs.specsChanged.connect(check);
  });
}

/** Lets the user select one of the kernels of a new provider. */
class KernelChoice extends ReactWidget implements Dialog.IBodyWidget {
  constructor(
    names: readonly string[],
    labelOf: (name: string) => string,
    trans: TranslationBundle
  ) {
    super();
    this._names = names;
    this._labelOf = labelOf;
    this._trans = trans;
    this.addClass('kpe-AddedProvider');
  }

  getValue(): string {
    return this.node.querySelector('select')?.value ?? this._names[0] ?? '';
  }

  protected override render(): React.JSX.Element {
    return (
      <label>
        {this._trans.__('Kernel')}
        <HTMLSelect>
          {this._names.map(name => (
            <option key={name} value={name}>
              {this._labelOf(name)}
            </option>
          ))}
        </HTMLSelect>
      </label>
    );
  }

  private readonly _names: readonly string[];
  private readonly _labelOf: (name: string) => string;
  private readonly _trans: TranslationBundle;
}

/**
 * Offer the kernels of a new provider.
 *
 * @param kernelFor - The document that a kernel is for; empty for a new notebook.
 *
 * @returns A promise of the name of the selected kernel; null if the user wants none.
 */
export async function offerKernels(
  label: string,
  names: readonly string[],
  specs: KernelSpec.ISpecModels | null,
  kernelFor: string,
  trans: TranslationBundle
): Promise<string | null> {
  const labelOf = (name: string): string =>
    specs?.kernelspecs[name]?.display_name ?? name;
  const title = trans._n(
    '%2 Was Added: %1 Kernel',
    '%2 Was Added: %1 Kernels',
    names.length,
    label
  );
  const dialog = new Dialog<string>({
    title,
    body: new KernelChoice(names, labelOf, trans),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Close') }),
      Dialog.okButton({
        label:
          kernelFor === ''
            ? trans.__('Start Notebook')
            : trans.__('Use for %1', kernelFor)
      })
    ]
  });
  dialog.node.ariaLabel = title;
  const { button, value } = await dialog.launch();
  return button.accept ? value : null;
}
