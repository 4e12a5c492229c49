// @vitest-environment jsdom
import '../../__tests__/jsdomgaps';

import { LauncherModel } from '@jupyterlab/launcher';
import type { Kernel, KernelSpec } from '@jupyterlab/services';
import { CommandRegistry } from '@lumino/commands';
import { PromiseDelegate } from '@lumino/coreutils';
import { MessageLoop } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { act } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { CollapsedSections } from '../collapsed';
import { ProvidersLauncher } from '../widget';
import { COMMAND_IDS } from '../../tokens';
import type { KernelSpecJSON } from '../../tokens';
import { FakeProviders } from '../../__tests__/fakeproviders';
import { provider, remoteSpec, spec } from '../../__tests__/specimens';

const LOCAL = provider('local', { label: 'This server' });
const FARM = provider('farm');
const DOWN = provider('farm', {
  state: 'offline',
  sentence: 'Cannot reach farm: connection refused.',
  kernelspecs: 'stale'
});
const CARD = '.jp-LauncherCard[data-category="Notebook"]';
const CONSOLE = '[data-category="Console"]';

/** A launcher on the page, with the items that JupyterLab adds for each kernel. */
class Fixture {
  constructor(
    readonly providers: FakeProviders | null,
    ...specs: KernelSpecJSON[]
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

  readonly model = new LauncherModel();
  readonly commands = new CommandRegistry();
  readonly executed = vi.fn<(command: string, args: unknown) => unknown>();
  readonly opened = vi.fn<(widget: Widget) => void>();
  readonly launcher: ProvidersLauncher;
  readonly specs: Record<string, KernelSpecJSON>;
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

  /** Wait until what was to be drawn, and what comes of that, has been. */
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
    // As React does not hear of a value that is set through its own setter.
    Object.getOwnPropertyDescriptor(
      HTMLInputElement.prototype,
      'value'
    )?.set?.call(input, text);
    input.dispatchEvent(new Event('input', { bubbles: true }));
    await this.settle();
  }

  async press(selector: string, key: string): Promise<void> {
    this.find(selector).dispatchEvent(
      new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
    );
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

let fixture: Fixture;

async function show(
  providers: FakeProviders | null,
  ...specs: KernelSpecJSON[]
): Promise<void> {
  fixture = new Fixture(providers, ...specs);
  await fixture.settle();
}

const python = spec('python3', 'Python 3');
const remote = {
  ...remoteSpec('farm', 'farm', 'Python 3'),
  resources: { 'logo-svg': '/logo.svg' }
};

afterEach(() => {
  fixture.launcher.dispose();
  vi.restoreAllMocks();
});

describe('ProvidersLauncher without remote providers', () => {
  it('has the stock sections, and no search', async () => {
    await show(null, python);
    expect(fixture.texts('h2')).toEqual(['Notebook', 'Console']);
    expect(fixture.node.querySelector('input')).toBeNull();
    expect(fixture.find('.jp-Launcher-cwd').textContent).toBe('folder');
  });
});

describe('ProvidersLauncher', () => {
  it('has a section for a provider, with its state for eyes and ears', async () => {
    await show(new FakeProviders(LOCAL, FARM), python, remote);
    expect(fixture.texts('h2')).toEqual(['Notebook', 'Console', 'farm']);
    const section = fixture.find('[data-provider="farm"]');
    const sentence = 'Online · 42 ms · 1 kernel';
    expect(section.querySelector('[title]')?.getAttribute('title')).toBe(
      sentence
    );
    const describedBy = fixture
      .find('[data-provider="farm"] [aria-expanded]')
      .getAttribute('aria-describedby');
    expect(document.getElementById(describedBy ?? '')?.textContent).toBe(
      sentence
    );
    expect(section.textContent).toContain('Online');
  });

  it('counts what runs', async () => {
    await show(new FakeProviders(LOCAL, FARM), python, remote);
    fixture.running = [{ id: '1', name: 'farm/python3' }];
    fixture.runningChanged.emit(fixture.running);
    await fixture.settle();
    expect(fixture.find('[data-provider="farm"]').innerHTML).toContain(
      '1 kernel, 1 running'
    );
  });

  it('starts a notebook by click, Enter and Space, in the folder', async () => {
    const widget = new Widget();
    await show(new FakeProviders(LOCAL, FARM), remote);
    fixture.executed.mockReturnValue(widget);
    fixture.find(CARD).click();
    await fixture.settle();
    await fixture.press(CARD, 'Enter');
    await fixture.press(CARD, ' ');
    await fixture.press(CARD, 'x');
    expect(fixture.executed.mock.calls).toEqual(
      Array(3).fill(['notebook', { kernelName: 'farm/python3', cwd: 'folder' }])
    );
    expect(fixture.opened).toHaveBeenCalledWith(widget);
  });

  it('starts a console by the button on the card, and nothing else', async () => {
    await show(new FakeProviders(LOCAL, FARM), remote);
    const button = fixture.find(CONSOLE);
    expect(button.getAttribute('aria-label')).toBe('Console: Python 3 (farm)');
    button.click();
    await fixture.settle();
    expect(fixture.executed.mock.calls).toEqual([
      ['console', { kernelPreference: { name: 'farm/python3' }, cwd: 'folder' }]
    ]);
    // A button in a button is none for many readers.
    expect(fixture.find(CARD).contains(button)).toBe(false);
  });

  it('starts one thing at a time, also after it has failed', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await show(new FakeProviders(LOCAL, FARM), remote);
    const started = new PromiseDelegate<Widget>();
    fixture.executed.mockReturnValueOnce(started.promise);
    fixture.find(CARD).click();
    fixture.find(CARD).click();
    fixture.find(CONSOLE).click();
    await fixture.settle();
    expect(fixture.executed).toHaveBeenCalledOnce();

    started.reject(new Error('farm refused'));
    await vi.waitFor(() => {
      expect(document.body.textContent).toContain('farm refused');
    });
    document.querySelector<HTMLElement>('.jp-Dialog button')?.click();
    fixture.find(CARD).click();
    await fixture.settle();
    expect(fixture.executed).toHaveBeenCalledTimes(2);
  });

  it('shows a letter where a logo cannot be loaded', async () => {
    await show(new FakeProviders(LOCAL, FARM), python, remote);
    const section = '[data-provider="farm"] ';
    fixture.find(`${section}img`).dispatchEvent(new Event('error'));
    await fixture.settle();
    expect(fixture.texts(`${section}.jp-LauncherCard-noKernelIcon`)).toEqual([
      'P'
    ]);
    expect(fixture.node.querySelector('img')).toBeNull();
  });

  it('marks the kernels of a provider that is not well, and says why', async () => {
    const providers = new FakeProviders(LOCAL, FARM);
    await show(providers, remote);
    providers.become(LOCAL, DOWN);
    await fixture.settle();
    const describedBy = fixture.find(CARD).getAttribute('aria-describedby');
    expect(document.getElementById(describedBy ?? '')?.textContent).toContain(
      'connection refused'
    );
    expect(fixture.find('[data-provider="farm"]').textContent).toContain(
      'kernels as of'
    );
  });

  it('tells of a state once, when it changes', async () => {
    const providers = new FakeProviders(LOCAL, FARM);
    await show(providers, remote);
    const said = (): string | null => fixture.find('[role=status]').textContent;
    expect(said()).toBe('');
    providers.become(LOCAL, DOWN);
    await fixture.settle();
    expect(said()).toBe('farm: Offline');
    providers.become(LOCAL, { ...DOWN, retryAt: new Date() });
    await fixture.settle();
    expect(said()).toBe('farm: Offline');
  });

  it('is busy while it has a provider asked, and does not lose the focus', async () => {
    const providers = new FakeProviders(LOCAL, DOWN);
    await show(providers, remote);
    const asked = new PromiseDelegate<void>();
    const execute = vi.fn(() => asked.promise);
    fixture.commands.addCommand(COMMAND_IDS.retry, { label: 'Retry', execute });
    providers.become(LOCAL, DOWN);
    await fixture.settle();
    const retry = fixture.find(`[data-command="${COMMAND_IDS.retry}"]`);
    retry.focus();
    retry.click();
    await fixture.settle();
    retry.click();
    expect(retry.getAttribute('aria-busy')).toBe('true');
    expect(execute).toHaveBeenCalledOnce();
    expect(execute.mock.calls).toMatchObject([[{ id: 'farm' }]]);

    providers.become(LOCAL, FARM);
    asked.resolve();
    await fixture.settle();
    expect(retry.isConnected).toBe(false);
    expect(document.activeElement).toBe(
      fixture.find('[data-provider="farm"] [aria-expanded]')
    );
  });

  it('says three things where there is no card', async () => {
    const none = { kernelspecs: 'none', lastSeen: null } as const;
    await show(
      new FakeProviders(
        LOCAL,
        provider('empty'),
        provider('first', { state: 'checking', ...none }),
        provider('silent', { ...DOWN, id: 'silent', label: 'silent', ...none }),
        provider('resting', { state: 'off', ...none })
      ),
      python
    );
    expect(fixture.texts('.kpe-ProviderSection-empty')).toEqual([
      'empty has no kernels.',
      'Asking first for its kernels',
      'The kernels of silent are not known yet.'
    ]);
  });

  it('collapses a section, and opens those that are off only on demand', async () => {
    const off = provider('resting', { state: 'off' });
    await show(new FakeProviders(LOCAL, FARM, off), remote);
    const expanded = (): (string | null)[] =>
      [...fixture.node.querySelectorAll('[aria-expanded]')].map(n =>
        n.getAttribute('aria-expanded')
      );
    expect(expanded()).toEqual(['true', 'false']);
    fixture.find('[data-provider="farm"] [aria-expanded]').click();
    fixture.find('[data-provider="resting"] [aria-expanded]').click();
    await fixture.settle();
    expect(expanded()).toEqual(['false', 'true']);
    expect(fixture.node.querySelector(CARD)).toBeNull();
    expect(fixture.find('[data-provider="resting"]').textContent).toContain(
      'Turned off in /etc/jupyter/resting.json'
    );
  });

  it('says who is left out', async () => {
    const problems = [{ id: 'x', source: 'x.json', sentence: 'x is bad.' }];
    const providers = Object.assign(new FakeProviders(LOCAL), { problems });
    await show(providers, python);
    expect(fixture.texts('[role=note]')).toEqual(['x is bad.']);
  });

  it('has the initial of a provider on the logo for those who like it', async () => {
    const providers = new FakeProviders(LOCAL, FARM);
    providers.preferences = { ...providers.preferences, badge: true };
    await show(providers, python, remote);
    expect(fixture.texts('.kpe-LauncherCard-badge')).toEqual(['F']);
  });
});

describe('the search of a ProvidersLauncher', () => {
  beforeEach(async () => {
    await show(new FakeProviders(LOCAL, FARM), python, remote);
  });

  it('filters as one types, and Esc ends it', async () => {
    await fixture.type('farm');
    expect(fixture.texts('h2')).toEqual(['farm']);
    expect(fixture.find('[role=status]').textContent).toBe('1 result');
    await fixture.press('input', 'Escape');
    expect(fixture.texts('h2')).toEqual(['Notebook', 'Console', 'farm']);
    expect((fixture.find('input') as HTMLInputElement).value).toBe('');
  });

  it('leads to the first card by the arrow', async () => {
    await fixture.type('farm');
    await fixture.press('input', 'ArrowDown');
    expect(document.activeElement).toBe(fixture.find(CARD));
  });

  it('says what it did not find, and the way back', async () => {
    await fixture.type('cobol');
    expect(fixture.node.textContent).toContain('No kernel matches “cobol”.');
    [...fixture.node.querySelectorAll('button')]
      .find(({ textContent }) => textContent === 'Clear the search')
      ?.click();
    await fixture.settle();
    expect(fixture.texts('h2')).toHaveLength(3);
    expect(document.activeElement).toBe(fixture.find('input'));
  });

  it('opens what is collapsed, for as long as it lasts', async () => {
    const toggle = '[data-provider="farm"] [aria-expanded]';
    const isOpen = (): boolean =>
      fixture.find(toggle).getAttribute('aria-expanded') === 'true';
    fixture.find(toggle).click();
    await fixture.settle();
    expect(isOpen()).toBe(false);
    await fixture.type('farm');
    expect(isOpen()).toBe(true);
    fixture.find(toggle).click();
    await fixture.settle();
    expect(isOpen()).toBe(false);
    await fixture.type('far');
    expect(isOpen()).toBe(true);
    await fixture.type('');
    expect(isOpen()).toBe(false);
  });
});
