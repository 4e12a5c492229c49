import { LauncherModel } from '@jupyterlab/launcher';
import type { Kernel, KernelSpec } from '@jupyterlab/services';
import { CommandRegistry } from '@lumino/commands';
import { MessageLoop } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { act } from 'react';
import { vi } from 'vitest';

import { provider, remoteSpec, spec } from '../../__tests__/fixtures';
import type { MockKernelProviders } from '../../__tests__/mockproviders';
import { CollapsedSections } from '../collapsed';
import { ProvidersLauncher } from '../widget';

export const LOCAL = provider('local', { label: 'This server' });
export const FARM = provider('farm');
export const DOWN = provider('farm', {
  state: 'offline',
  message: 'Cannot reach farm: connection refused.',
  kernelspecs: 'stale'
});
export const CARD = '.jp-LauncherCard[data-category="Notebook"]';
export const CONSOLE = '[data-category="Console"]';

export const python = spec('python3', 'Python 3');
export const remote = {
  ...remoteSpec('farm', 'farm', 'Python 3'),
  resources: { 'logo-svg': '/logo.svg' }
};

/** A launcher on the page, with the items that JupyterLab adds for each kernel. */
export class Fixture {
  constructor(
    readonly providers: MockKernelProviders | null,
    ...specs: KernelSpec.ISpecModel[]
  ) {
    const kernelspecs = Object.fromEntries(specs.map(s => [s.name, s]));
    this.addCommand('notebook', args => args['kernelName'] as string);
    this.addCommand(
      'console',
      args => (args['kernelPreference'] as { name: string }).name
    );
    this.launcher = new ProvidersLauncher({
      model: this.model,
      cwd: 'folder',
      commands: this.commands,
      callback: this.opened,
      providers,
      kernels: {
        running: () => this.running[Symbol.iterator](),
        runningChanged: this.runningChanged
      } as unknown as Kernel.IManager,
      kernelspecs: {
        specs: { default: 'python3', kernelspecs }
      } as unknown as KernelSpec.IManager,
      collapsed: new CollapsedSections(null)
    });
    for (const { name, resources } of specs) {
      const kernelIconUrl = resources['logo-svg'] ?? '';
      this.model.add({
        command: 'notebook',
        args: { kernelName: name },
        category: 'Notebook',
        kernelIconUrl
      });
      this.model.add({
        command: 'console',
        args: { kernelPreference: { name } },
        category: 'Console',
        kernelIconUrl
      });
    }
    this.specs = kernelspecs;
    Widget.attach(this.launcher, document.body);
  }

  /** Show a launcher, and wait until it is rendered. */
  static async show(
    ...args: ConstructorParameters<typeof Fixture>
  ): Promise<Fixture> {
    const fixture = new Fixture(...args);
    await fixture.settle();
    return fixture;
  }

  readonly model = new LauncherModel();
  readonly commands = new CommandRegistry();
  readonly executed = vi.fn<(command: string, args: unknown) => unknown>();
  readonly opened = vi.fn<(widget: Widget) => void>();
  readonly launcher: ProvidersLauncher;
  readonly specs: Record<string, KernelSpec.ISpecModel>;
  readonly runningChanged = new Signal<object, Kernel.IModel[]>({});
  running: Kernel.IModel[] = [];

  get node(): HTMLElement {
    return this.launcher.node;
  }

  find(selector: string): HTMLElement {
    const found = this.node.querySelector<HTMLElement>(selector);
    if (found === null) {
      throw new Error(`There is no ${selector}.`);
    }
    return found;
  }

  texts(selector: string): (string | null)[] {
    return [...this.node.querySelectorAll(selector)].map(n => n.textContent);
  }

  /** Wait until everything is rendered. */
  async settle(): Promise<void> {
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
    await act(async () => {
      await Promise.resolve();
      MessageLoop.flush();
    });
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false);
  }

  async type(text: string): Promise<void> {
    const input = this.find('input') as HTMLInputElement;
    input.focus();
    // React ignores a value that is set by its own setter.
    Object.getOwnPropertyDescriptor(
      HTMLInputElement.prototype,
      'value'
    )?.set?.call(input, text);
    input.dispatchEvent(new Event('input', { bubbles: true }));
    await this.settle();
  }

  async press(
    selector: string,
    key: string,
    modifiers: KeyboardEventInit = {}
  ): Promise<void> {
    const options = { key, bubbles: true, cancelable: true, ...modifiers };
    this.find(selector).dispatchEvent(new KeyboardEvent('keydown', options));
    await this.settle();
  }

  addCommand(
    id: string,
    kernelOf: (args: Record<string, unknown>) => string
  ): void {
    this.commands.addCommand(id, {
      label: args => this.specs[kernelOf(args)]?.display_name ?? '',
      execute: args => this.executed(id, args)
    });
  }
}
