// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { KernelSpec } from '@jupyterlab/services';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { remoteSpec, spec } from '../../__tests__/fixtures';
import { MockKernelProviders } from '../../__tests__/mockproviders';
import { FARM, Fixture, LOCAL, python, remote } from './launcherfixture';

let fixture: Fixture;

async function show(...args: Parameters<typeof Fixture.show>): Promise<void> {
  fixture = await Fixture.show(...args);
}

afterEach(() => {
  fixture.launcher.dispose();
  vi.restoreAllMocks();
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

  it('has no star for an item of another extension', async () => {
    await show(new MockKernelProviders(LOCAL, FARM), python, ...many(13));
    fixture.commands.addCommand('other', {
      label: 'Other',
      execute: () => undefined
    });
    fixture.model.add({ command: 'other', category: 'Notebook' });
    await fixture.settle();
    expect(fixture.texts('.kpe-KernelCard [title="Other"]')).toHaveLength(1);
    expect(fixture.texts('[aria-label="Star: Other"]')).toEqual([]);
    expect(fixture.texts('[aria-label="Star: Python 3"]')).not.toEqual([]);
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

  it('shows the languages of local kernels, also without stars', async () => {
    const providers = new MockKernelProviders(LOCAL, FARM);
    providers.preferences = { ...providers.preferences, stars: false };
    const local = Array.from({ length: 13 }, (_, index) => ({
      ...spec(`env${String(index)}`, `Environment ${String(index + 10)}`),
      language: index === 0 ? 'julia' : 'python'
    }));
    await show(providers, ...local, remote);
    expect(fixture.texts('.kpe-LauncherCard-language').slice(0, 2)).toEqual([
      'julia',
      'python'
    ]);
  });
});
