// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ServerConnection } from '@jupyterlab/services';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { providerJSON, remoteSpec } from '../../__tests__/fixtures';
import { CHANGED_EVENT, PLUGIN_IDS } from '../../tokens';
import type { IKernelProviders } from '../../tokens';
import { ProviderKernelSpecManager } from '../kernelspecs';
import { DEFAULT_PREFERENCES } from '../model';
import { providersPlugin } from '../plugin';

const REMOTE = remoteSpec('gpu', 'GPU farm', 'Python 3');

/** The user's settings, which a test can change. */
class Settings {
  composite: Record<string, unknown> = {};
  readonly changed = new Signal<this, void>(this);
  readonly schema = { title: 'Kernel Providers' };

  /** Change the settings. */
  become(composite: Record<string, unknown>): void {
    this.composite = composite;
    this.changed.emit();
  }
}

let end = (): void => undefined;

/** Activate the plugin on a server with a remote kernel. */
async function activate(registry: Partial<ISettingRegistry> | null = null) {
  const requests: string[] = [];
  const serverSettings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost/',
    fetch: request => {
      const { pathname } = new URL((request as Request).url);
      requests.push(pathname);
      const { name, resources } = REMOTE;
      const body = pathname.endsWith('kernelspecs')
        ? {
            default: name,
            kernelspecs: { [name]: { name, spec: REMOTE, resources } }
          }
        : {
            default: 'local',
            template: '',
            providers: [providerJSON('gpu')],
            problems: []
          };
      return Promise.resolve(new Response(JSON.stringify(body)));
    }
  });
  const kernelspecs = new ProviderKernelSpecManager({
    serverSettings,
    standby: () => true
  });
  const stream = new Signal<object, object>({});
  const app = {
    commands: new CommandRegistry(),
    restored: Promise.resolve(),
    serviceManager: { events: { stream }, kernelspecs, serverSettings }
  };
  await kernelspecs.ready;
  const providers = (await providersPlugin.activate(
    app as unknown as JupyterFrontEnd,
    registry,
    null,
    null
  )) as IKernelProviders & { dispose(): void };
  await providers.ready;
  end = () => {
    providers.dispose();
    kernelspecs.dispose();
  };
  requests.length = 0;
  return { providers, kernelspecs, requests, stream };
}

/** Activate the plugin for a user with settings. */
async function withSettings(composite: Record<string, unknown> = {}) {
  const settings = new Settings();
  settings.composite = composite;
  const loaded: string[] = [];
  const scene = await activate({
    load: id => {
      loaded.push(id);
      return Promise.resolve(settings as unknown as ISettingRegistry.ISettings);
    }
  });
  expect(loaded).toEqual([PLUGIN_IDS.providers]);
  const displayName = (): string | undefined =>
    scene.kernelspecs.specs?.kernelspecs[REMOTE.name]?.display_name;
  return { ...scene, settings, displayName };
}

afterEach(() => {
  end();
  Notification.dismiss();
});

describe("the server's event", () => {
  it('refreshes the providers, and the kernelspecs only if they changed', async () => {
    const { providers, requests, stream } = await activate();

    stream.emit({ schema_id: CHANGED_EVENT, kernelspecs: false });
    expect(requests).toEqual(['/api/kernel-providers']);

    await providers.refresh();
    requests.length = 0;
    stream.emit({ schema_id: CHANGED_EVENT, kernelspecs: true });
    expect(requests).toEqual(['/api/kernel-providers', '/api/kernelspecs']);
  });

  it('is distinguished from other events', async () => {
    const { requests, stream } = await activate();

    stream.emit({ schema_id: 'https://example.org/v1', kernelspecs: true });

    expect(requests).toEqual([]);
  });
});

describe('the settings', () => {
  it('are the defaults if the user has set none', async () => {
    const { providers } = await withSettings();
    expect(providers.preferences).toEqual(DEFAULT_PREFERENCES);
  });

  it('take effect, now and when they change', async () => {
    const { providers, settings, displayName } = await withSettings({
      placement: 'prefix'
    });
    await vi.waitFor(() => {
      expect(displayName()).toBe('GPU farm: Python 3');
    });

    settings.become({ placement: '{kernel} @ {provider}', badge: true });

    expect(providers.preferences.badge).toBe(true);
    await vi.waitFor(() => {
      expect(displayName()).toBe('Python 3 @ GPU farm');
    });
  });

  it('keep the last valid template, and show a notification', async () => {
    const { providers, settings, displayName } = await withSettings({
      placement: 'prefix'
    });
    await vi.waitFor(() => {
      expect(displayName()).toBe('GPU farm: Python 3');
    });

    settings.become({ placement: '{nothing}', badge: true });

    expect(providers.preferences).toMatchObject({
      placement: 'prefix',
      badge: true
    });
    await vi.waitFor(() => {
      const [notification] = Notification.manager.notifications;
      expect(notification?.message).toContain('{nothing}');
    });
    expect(displayName()).toBe('GPU farm: Python 3');
  });

  it('are the defaults if they cannot be loaded', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue(undefined);

    const { providers } = await activate({
      load: () => Promise.reject(new Error('no schema'))
    });

    await vi.waitFor(() => {
      expect(error).toHaveBeenCalledOnce();
    });
    expect(providers.preferences).toEqual(DEFAULT_PREFERENCES);
    error.mockRestore();
  });
});
