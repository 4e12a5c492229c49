// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import { PageConfig } from '@jupyterlab/coreutils';
import { PromiseDelegate } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import { MockKernelProviders } from '../../__tests__/mockproviders';
import { ADD_COMMAND_ID, COMMAND_IDS } from '../../tokens';
import {
  CARD,
  CONSOLE,
  DOWN,
  FARM,
  Fixture,
  LOCAL,
  python,
  remote
} from './launcherfixture';

let fixture: Fixture;

async function show(...args: Parameters<typeof Fixture.show>): Promise<void> {
  fixture = await Fixture.show(...args);
}

afterEach(() => {
  fixture.launcher.dispose();
  vi.restoreAllMocks();
});

/** The text of the elements with these ids. */
function textOf(ids: string | null): string {
  return (ids ?? '')
    .split(' ')
    .map(id => document.getElementById(id)?.textContent)
    .join(' ');
}

describe('ProvidersLauncher without remote providers', () => {
  it('has the stock sections, and no search', async () => {
    await show(null, python);
    expect(fixture.texts('h2')).toEqual(['Notebook', 'Console']);
    expect(fixture.node.querySelector('input')).toBeNull();
    expect(fixture.find('.jp-Launcher-cwd').textContent).toBe('folder');
  });
});

describe('the end of the launcher', () => {
  const showAdding = async (
    ...args: Parameters<typeof Fixture.show>
  ): Promise<void> => {
    await show(...args);
    fixture.commands.addCommand(ADD_COMMAND_ID, {
      label: 'Add a Kernel Provider…',
      execute: args => fixture.executed(ADD_COMMAND_ID, args)
    });
    fixture.launcher.update();
    await fixture.settle();
  };
  const foot = (): HTMLElement | null =>
    fixture.node.querySelector('.kpe-LauncherFoot');

  it('is a button for a user who has providers', async () => {
    await showAdding(new MockKernelProviders(LOCAL, FARM), python, remote);
    expect(foot()?.textContent).toBe('Add a Kernel Provider…');
    foot()?.querySelector('button')?.click();
    expect(fixture.executed).toHaveBeenCalledWith(ADD_COMMAND_ID, {});
  });

  it('is a hint for a user without, until it is dismissed', async () => {
    const providers = new MockKernelProviders(LOCAL);
    await showAdding(providers, python);
    expect(foot()?.textContent).toContain(
      'Kernels can also run on other servers.'
    );
    foot()?.querySelectorAll('button')[1]?.click();
    await fixture.settle();
    expect(providers.preferences.hint).toBe(false);
    expect(foot()).toBeNull();
  });

  it('is not there for a user who may not add a provider', async () => {
    const providers = new MockKernelProviders(LOCAL, FARM);
    providers.mayAdd = false;
    await showAdding(providers, python, remote);
    expect(foot()).toBeNull();
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
