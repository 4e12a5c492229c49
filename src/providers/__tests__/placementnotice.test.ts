// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { PlacementNotice } from '../placementnotice';

let commands: CommandRegistry;
let notice: PlacementNotice;

beforeEach(() => {
  commands = new CommandRegistry();
  const trans = nullTranslator.load('');
  notice = new PlacementNotice(commands, 'Kernel Providers', trans);
});

afterEach(() => {
  Notification.dismiss();
});

const messages = (): string[] =>
  Notification.manager.notifications.map(({ message }) => message);

describe('PlacementNotice', () => {
  it.each(['', 'suffix', '{kernel}'])('shows nothing for %j', placement => {
    notice.check(placement);
    expect(messages()).toEqual([]);
  });

  it('shows once what is wrong', () => {
    notice.check('{kernl}');
    notice.check('{kernl}');
    expect(messages()).toEqual([
      expect.stringContaining('Unknown field {kernl}.')
    ]);
  });

  it('shows only the current problem', () => {
    notice.check('{kernl}');
    notice.check('{provider}');
    expect(messages()).toEqual([
      expect.stringContaining('{kernel} is missing.')
    ]);
    notice.check('prefix');
    expect(messages()).toEqual([]);
  });

  it('does not dismiss other notifications', () => {
    Notification.info('Something else');
    notice.check('{kernl}');
    notice.check('');
    expect(messages()).toEqual(['Something else']);
  });

  it.each(['{kernl}', '{kernel', ''])(
    'is shorter than 140 characters, where JupyterLab cuts: %j',
    placement => {
      notice.check(`${placement}{provider}`);
      expect(messages()[0]?.length).toBeLessThanOrEqual(140);
    }
  );

  it('opens the settings if there is an editor', () => {
    notice.check('{kernl}');
    expect(Notification.manager.notifications[0]?.options.actions).toEqual([]);

    const execute = vi.fn();
    commands.addCommand('settingeditor:open', { execute });
    notice.check('{provider}');
    const [action] =
      Notification.manager.notifications[0]?.options.actions ?? [];
    action?.callback(new MouseEvent('click'));
    expect(execute).toHaveBeenCalledWith({ query: 'Kernel Providers' });
  });
});
