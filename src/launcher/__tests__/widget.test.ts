// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import { PageConfig } from '@jupyterlab/coreutils';
import { LauncherModel } from '@jupyterlab/launcher';
import type { Kernel, KernelSpec } from '@jupyterlab/services';
import { CommandRegistry } from '@lumino/commands';
import { PromiseDelegate } from '@lumino/coreutils';
import { MessageLoop } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { act } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { provider, remoteSpec, spec } from '../../__tests__/fixtures';
import { MockKernelProviders } from '../../__tests__/mockproviders';
import { COMMAND_IDS } from '../../tokens';
import { CollapsedSections } from '../collapsed';
import { ProvidersLauncher } from '../widget';

const LOCAL = provider('local', { label: 'This server' });
const FARM = provider('farm');
const DOWN = provider('farm', {
  state: 'offline',
  message: 'Cannot reach farm: connection refused.',
  kernelspecs: 'stale'
});
const CARD = '.jp-LauncherCard[data-category="Notebook"]';
const CONSOLE = '[data-category="Console"]';

/** A launcher on the page, with the items that JupyterLab adds for each kernel. */
class Fixture {
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

/** The text of the elements with these ids. */
function textOf(ids: string | null): string {
  return (ids ?? '')
    .split(' ')
    .map(id => document.getElementById(id)?.textContent)
    .join(' ');
}

let fixture: Fixture;

async function show(
  providers: MockKernelProviders | null,
  ...specs: KernelSpec.ISpecModel[]
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

describe('ProvidersLauncher before it knows the providers', () => {
  it('has the search if the page says that there are others', async () => {
    PageConfig.setOption('hasKernelProviders', 'true');
    await show(new MockKernelProviders(), python);
    const { node } = fixture;
    PageConfig.setOption('hasKernelProviders', '');
    expect(node.querySelector('input')).not.toBeNull();
    fixture.launcher.dispose();
    await show(new MockKernelProviders(), python);
    expect(fixture.node.querySelector('input')).toBeNull();
  });
});

describe('ProvidersLauncher', () => {
  it('has a section for a provider, with its state as text and description', async () => {
    await show(new MockKernelProviders(LOCAL, FARM), python, remote);
    expect(fixture.texts('h2')).toEqual(['Notebook', 'Console', 'farm']);
    const section = fixture.find('[data-provider="farm"]');
    const message = '42 ms · 1 kernel';
    expect(section.querySelector('[title]')?.getAttribute('title')).toBe(
      message
    );
    const describedBy = fixture
      .find('[data-provider="farm"] [aria-expanded]')
      .getAttribute('aria-describedby');
    expect(textOf(describedBy)).toBe(`Online ${message}`);
    expect(section.textContent).toContain('Online');
  });

  it('counts running kernels', async () => {
    await show(new MockKernelProviders(LOCAL, FARM), python, remote);
    fixture.running = [{ id: '1', name: 'farm/python3' }];
    fixture.runningChanged.emit(fixture.running);
    await fixture.settle();
    expect(fixture.find('[data-provider="farm"]').innerHTML).toContain(
      '1 kernel, 1 running'
    );
  });

  it('starts a notebook in the folder by click, Enter and Space', async () => {
    const widget = new Widget();
    await show(new MockKernelProviders(LOCAL, FARM), remote);
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

  it('shows the new name of a kernel, whose card stays', async () => {
    const providers = new MockKernelProviders(LOCAL, FARM);
    await show(providers, remote);
    const card = fixture.find(CARD);
    fixture.specs[remote.name] = { ...remote, display_name: 'farm: Python 3' };
    providers.become(LOCAL, FARM);
    await fixture.settle();
    expect(fixture.find(CARD)).toBe(card);
    expect(card.title).toBe('farm: Python 3');
    // The place is under the heading for screen readers only.
    expect(card.querySelector('.kpe-KernelLabel-name')?.textContent).toBe(
      'Python 3'
    );
    expect(card.querySelector('.kpe-visually-hidden')?.textContent).toBe(
      'farm'
    );

    providers.preferences = { ...providers.preferences, placement: 'prefix' };
    providers.become(LOCAL, FARM);
    await fixture.settle();
    expect(card.textContent).toBe('farm: Python 3');
  });

  it('starts only a console by the button on the card', async () => {
    await show(new MockKernelProviders(LOCAL, FARM), remote);
    const button = fixture.find(CONSOLE);
    expect(button.getAttribute('aria-label')).toBe('Console: Python 3 (farm)');
    button.click();
    await fixture.settle();
    expect(fixture.executed.mock.calls).toEqual([
      ['console', { kernelPreference: { name: 'farm/python3' }, cwd: 'folder' }]
    ]);
    // Many screen readers ignore a button in a button.
    expect(fixture.find(CARD).contains(button)).toBe(false);
  });

  it('starts one item at a time, also after a failure', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await show(new MockKernelProviders(LOCAL, FARM), remote);
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

  it('shows a letter if a logo cannot be loaded', async () => {
    await show(new MockKernelProviders(LOCAL, FARM), python, remote);
    const section = '[data-provider="farm"] ';
    fixture.find(`${section}img`).dispatchEvent(new Event('error'));
    await fixture.settle();
    expect(fixture.texts(`${section}.jp-LauncherCard-noKernelIcon`)).toEqual([
      'P'
    ]);
    expect(fixture.node.querySelector('img')).toBeNull();
  });

  it('marks the kernels of an unavailable provider, and says why', async () => {
    const providers = new MockKernelProviders(LOCAL, FARM);
    await show(providers, remote);
    providers.become(LOCAL, DOWN);
    await fixture.settle();
    const describedBy = fixture.find(CARD).getAttribute('aria-describedby');
    expect(textOf(describedBy)).toContain('connection refused');
    expect(fixture.find('[data-provider="farm"]').textContent).toContain(
      'kernels as of'
    );
  });

  it('says that a provider is blocked, and still starts its kernels', async () => {
    const providers = new MockKernelProviders(LOCAL, FARM);
    await show(providers, remote);
    providers.become(LOCAL, {
      ...FARM,
      state: 'blocked',
      reason: 'websocket',
      detail: '400'
    });
    await fixture.settle();
    const section = fixture.find('[data-provider="farm"]');
    expect(section.textContent).toContain('Websocket blocked');
    expect(section.textContent).not.toContain('Last seen');
    expect(section.textContent).not.toContain('Retrying');
    const describedBy = fixture.find(CARD).getAttribute('aria-describedby');
    expect(textOf(describedBy)).toContain('cannot be reached (400)');
    // It is not greyed, as its kernels can be started.
    expect(section.classList).not.toContain('kpe-mod-unavailable');
    fixture.find(CARD).click();
    expect(fixture.executed).toHaveBeenCalledOnce();
  });

  it.each([
    [['GPU farm is slow.'], '1 warning'],
    [['GPU farm is slow.', 'Its certificate is not checked.'], '2 warnings']
  ])('has a button for the warnings %j', async (warnings, name) => {
    const providers = new MockKernelProviders(LOCAL, FARM);
    await show(providers, remote);
    const execute = vi.fn();
    fixture.commands.addCommand(COMMAND_IDS.details, { execute });
    expect(fixture.node.querySelector('[aria-haspopup=dialog]')).toBeNull();

    providers.become(LOCAL, { ...FARM, warnings });
    await fixture.settle();
    const button = fixture.find(
      '[data-provider="farm"] .jp-Launcher-sectionHeader [aria-haspopup=dialog]'
    );
    expect(button.getAttribute('aria-label')).toBe(name);
    expect(button.title).toBe([name, ...warnings].join('\n'));
    button.click();
    expect(execute.mock.calls).toMatchObject([[{ id: 'farm' }]]);
    expect(fixture.find('[aria-expanded]').ariaExpanded).not.toBe('false');
  });

  it('announces a state once, when it changes', async () => {
    const providers = new MockKernelProviders(LOCAL, FARM);
    await show(providers, remote);
    const announced = (): string | null =>
      fixture.find('[role=status]').textContent;
    expect(announced()).toBe('');
    providers.become(LOCAL, DOWN);
    await fixture.settle();
    expect(announced()).toBe('farm: Offline');
    providers.become(LOCAL, { ...DOWN, retryAt: new Date() });
    await fixture.settle();
    expect(announced()).toBe('farm: Offline');
  });

  it('is busy during a retry, and does not lose the focus', async () => {
    const providers = new MockKernelProviders(LOCAL, DOWN);
    await show(providers, remote);
    const retried = new PromiseDelegate<void>();
    const execute = vi.fn(() => retried.promise);
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
    retried.resolve();
    await fixture.settle();
    expect(retry.isConnected).toBe(false);
    expect(document.activeElement).toBe(
      fixture.find('[data-provider="farm"] [aria-expanded]')
    );
  });

  it('says why a section has no cards', async () => {
    const none = { kernelspecs: 'none', lastSeen: null } as const;
    await show(
      new MockKernelProviders(
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
      'Loading kernels…',
      'Its kernels appear once it has been reached.'
    ]);
  });

  it('collapses sections; providers that are off start collapsed', async () => {
    const off = provider('resting', { state: 'off' });
    await show(new MockKernelProviders(LOCAL, FARM, off), remote);
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
      'To turn it on, edit /etc/jupyter/resting.json'
    );
  });

  it('shows the providers that are not loaded', async () => {
    const source = '/home/ada/.jupyter/kernel_providers.d/x.json';
    const message = `${source}: x is bad.`;
    const providers = new MockKernelProviders(LOCAL);
    providers.problems = [{ id: 'x', source, message }];
    await show(providers, python);
    expect(fixture.texts('[role=note] h2')).toEqual([
      '1 provider file was left out'
    ]);
    const item = fixture.find('[role=note] li');
    expect(item.textContent).toBe('…/kernel_providers.d/x.json: x is bad.');
    expect(item.title).toBe(source);
  });

  it('shows the initial of a provider on the logo if the setting is on', async () => {
    const providers = new MockKernelProviders(LOCAL, FARM);
    providers.preferences = { ...providers.preferences, badge: true };
    await show(providers, python, remote);
    expect(fixture.texts('.kpe-LauncherCard-badge')).toEqual(['F']);
  });
});

describe('a ProvidersLauncher with many kernels', () => {
  const ROW = '[data-provider="farm"] .jp-LauncherCard';
  const many = (count: number): KernelSpec.ISpecModel[] =>
    Array.from({ length: count }, (_, index) => {
      const number = String(index + 10);
      return remoteSpec(
        'farm',
        'farm',
        `Environment ${number}`,
        `env${number}`
      );
    });

  it('shows the first ones of a list, and all of them on demand', async () => {
    await show(new MockKernelProviders(LOCAL, FARM), ...many(13));
    expect(fixture.texts(ROW)).toHaveLength(8);
    const button = fixture.find('.kpe-LauncherShowAll');
    expect(button.textContent).toBe('Show all 13');
    button.click();
    await fixture.settle();
    expect(fixture.texts(ROW)).toHaveLength(13);
    expect(document.activeElement?.textContent).toContain('Environment 18');
    button.click();
    await fixture.settle();
    expect(fixture.texts(ROW)).toHaveLength(8);
  });

  it('shows all that a search finds', async () => {
    await show(new MockKernelProviders(LOCAL, FARM), ...many(13));
    await fixture.type('farm');
    expect(fixture.texts(ROW)).toHaveLength(13);
    expect(fixture.node.querySelector('.kpe-LauncherShowAll')).toBeNull();
  });

  it('shows cards, all of them, if there are up to twelve', async () => {
    await show(new MockKernelProviders(LOCAL, FARM), ...many(12));
    expect(fixture.texts(ROW)).toHaveLength(12);
    expect(fixture.node.querySelector('.kpe-mod-dense')).toBeNull();
  });

  it('shows recent and starred kernels with their places, but not in a search', async () => {
    const providers = new MockKernelProviders(LOCAL, FARM);
    providers.recent = ['farm/env10'];
    providers.preferences = {
      ...providers.preferences,
      starred: ['farm/env11']
    };
    await show(providers, ...many(13));
    expect(fixture.texts('h2').slice(0, 2)).toEqual(['Starred', 'Recent']);
    const shown = '.kpe-ShortcutSection .kpe-KernelLabel > span';
    expect(fixture.texts(shown)).toEqual([
      'Environment 11',
      'farm',
      'Environment 10',
      'farm'
    ]);
    expect(
      fixture.node.querySelector('.kpe-ShortcutSection .kpe-visually-hidden')
    ).toBeNull();
    await fixture.type('farm');
    expect(fixture.texts('h2')).toEqual(['farm']);
  });

  it('stars kernels', async () => {
    const providers = new MockKernelProviders(LOCAL, FARM);
    await show(providers, ...many(13));
    const star = fixture.find('[aria-label="Star: Environment 10 (farm)"]');
    expect(star.getAttribute('aria-pressed')).toBe('false');
    star.click();
    expect(providers.stars).toEqual([['farm/env10', true]]);
    providers.preferences = {
      ...providers.preferences,
      starred: ['farm/env10']
    };
    providers.changed.emit();
    await fixture.settle();
    expect(star.getAttribute('aria-pressed')).toBe('true');
    star.click();
    expect(providers.stars[1]).toEqual(['farm/env10', false]);
  });

  it('has stars for local kernels, too', async () => {
    await show(new MockKernelProviders(LOCAL, FARM), python, ...many(12));
    expect(
      fixture.texts('[aria-label="Star: Python 3"]').length
    ).toBeGreaterThan(0);
  });

  it('has no stars if there are few kernels, or the setting is off', async () => {
    await show(new MockKernelProviders(LOCAL, FARM), ...many(12));
    expect(fixture.node.querySelector('.kpe-KernelCard-star')).toBeNull();
    fixture.launcher.dispose();
    const providers = new MockKernelProviders(LOCAL, FARM);
    providers.preferences = { ...providers.preferences, stars: false };
    await show(providers, ...many(13));
    expect(fixture.node.querySelector('.kpe-KernelCard-star')).toBeNull();
  });

  it('shows languages if they differ', async () => {
    const [first = remote, ...others] = many(13);
    await show(new MockKernelProviders(LOCAL, FARM), first, ...others);
    expect(fixture.texts('.kpe-LauncherCard-language')).toEqual([]);
    fixture.launcher.dispose();
    const julia = { ...first, language: 'julia' };
    await show(new MockKernelProviders(LOCAL, FARM), julia, ...others);
    expect(fixture.texts('.kpe-LauncherCard-language').slice(0, 2)).toEqual([
      'julia',
      'python'
    ]);
  });
});

describe('a ProvidersLauncher with the keyboard', () => {
  const tabStops = (): HTMLElement[] =>
    [...fixture.node.querySelectorAll<HTMLElement>('[role=group] *')].filter(
      ({ tabIndex }) => tabIndex === 0
    );

  it('has one tab stop for each section, which follows the focus', async () => {
    await show(new MockKernelProviders(LOCAL, DOWN), python, remote);
    const farm = fixture.find('[data-provider="farm"]');
    const toggle = fixture.find('[data-provider="farm"] [aria-expanded]');
    expect(tabStops()).toHaveLength(3);
    expect(tabStops()[2]).toBe(toggle);
    toggle.focus();
    await fixture.press('[data-provider="farm"] [aria-expanded]', 'End');
    const card = farm.querySelector('.jp-LauncherCard');
    expect(document.activeElement).toBe(card);
    expect(tabStops()).toHaveLength(3);
    expect(tabStops()[2]).toBe(card);
    await fixture.press('[data-provider="farm"] .jp-LauncherCard', 'Home');
    expect(document.activeElement).toBe(toggle);
  });

  it('stays in the Tab order when what had the focus goes', async () => {
    const providers = new MockKernelProviders(LOCAL, DOWN);
    await show(providers, python, remote);
    fixture.commands.addCommand(COMMAND_IDS.retry, {
      label: 'Retry',
      execute: () => undefined
    });
    providers.become(LOCAL, DOWN);
    await fixture.settle();
    fixture.find(`[data-command="${COMMAND_IDS.retry}"]`).focus();
    fixture.find('input').focus();
    providers.become(LOCAL, FARM);
    await fixture.settle();
    expect(tabStops()).toHaveLength(3);
  });

  it('is as in the stock launcher without other places', async () => {
    const names = Array.from({ length: 14 }, (_, index) => String(index));
    const specs = names.map(name => spec(name, `Python ${name}`));
    await show(new MockKernelProviders(LOCAL), ...specs);
    fixture.find(CARD).focus();
    await fixture.press(CARD, 'p');
    expect(document.activeElement).toBe(fixture.find(CARD));
    await fixture.press(CARD, 'Enter', { ctrlKey: true });
    expect(fixture.executed.mock.calls).toEqual([
      ['notebook', { kernelName: '0', cwd: 'folder' }]
    ]);
    expect(tabStops()).toHaveLength(28);
  });

  it('leaves each card of the stock launcher a tab stop', async () => {
    const r = { ...spec('ir', 'R'), language: 'R' };
    await show(new MockKernelProviders(LOCAL), python, r);
    expect(tabStops()).toHaveLength(4);
  });

  it.each([
    ['a remote kernel', '[data-provider="farm"] .jp-LauncherCard', remote.name],
    ['a local kernel', CARD, python.name]
  ])('opens a console of %s with Ctrl+Enter', async (_, selector, name) => {
    await show(new MockKernelProviders(LOCAL, FARM), python, remote);
    await fixture.press(selector, 'Enter', { ctrlKey: true });
    expect(fixture.executed.mock.calls).toEqual([
      ['console', { kernelPreference: { name }, cwd: 'folder' }]
    ]);
  });

  it.each(['/', 'p'])(
    'goes to the search when the user types %j',
    async key => {
      await show(new MockKernelProviders(LOCAL, FARM), python, remote);
      fixture.find(CARD).focus();
      await fixture.press(CARD, key);
      expect(document.activeElement).toBe(fixture.find('input'));
      expect(fixture.executed).not.toHaveBeenCalled();
    }
  );

  it.each<[string, KeyboardEventInit]>([
    ['Tab', {}],
    ['p', { ctrlKey: true }],
    ['p', { metaKey: true }],
    ['p', { altKey: true }]
  ])('leaves %s %j to JupyterLab', async (key, modifiers) => {
    await show(new MockKernelProviders(LOCAL, FARM), python, remote);
    fixture.find(CARD).focus();
    await fixture.press(CARD, key, modifiers);
    expect(document.activeElement).toBe(fixture.find(CARD));
  });

  it('starts the first match with Enter in the search', async () => {
    await show(new MockKernelProviders(LOCAL, FARM), python, remote);
    await fixture.press('input', 'Enter');
    await fixture.type('cobol');
    await fixture.press('input', 'Enter');
    expect(fixture.executed).not.toHaveBeenCalled();
    await fixture.type('farm');
    await fixture.press('input', 'Enter');
    expect(fixture.executed.mock.calls).toEqual([
      ['notebook', { kernelName: 'farm/python3', cwd: 'folder' }]
    ]);
  });
});

describe('the search of a ProvidersLauncher', () => {
  beforeEach(async () => {
    await show(new MockKernelProviders(LOCAL, FARM), python, remote);
  });

  it('filters while the user types, until Esc', async () => {
    await fixture.type('farm');
    expect(fixture.texts('h2')).toEqual(['farm']);
    expect(fixture.find('[role=status]').textContent).toBe('1 result');
    await fixture.press('input', 'Escape');
    expect(fixture.texts('h2')).toEqual(['Notebook', 'Console', 'farm']);
    expect((fixture.find('input') as HTMLInputElement).value).toBe('');
  });

  it('moves to the first card with the arrow', async () => {
    await fixture.type('farm');
    await fixture.press('input', 'ArrowDown');
    expect(document.activeElement).toBe(fixture.find(CARD));
  });

  it('says that nothing matches, and can be cleared', async () => {
    await fixture.type('cobol');
    expect(fixture.node.textContent).toContain('No kernels match “cobol”.');
    [...fixture.node.querySelectorAll('button')]
      .find(({ textContent }) => textContent === 'Clear Search')
      ?.click();
    await fixture.settle();
    expect(fixture.texts('h2')).toHaveLength(3);
    expect(document.activeElement).toBe(fixture.find('input'));
  });

  it('expands collapsed sections while it lasts', async () => {
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
