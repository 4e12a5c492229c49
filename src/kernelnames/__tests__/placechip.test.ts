// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { ISessionContext } from '@jupyterlab/apputils';
import type { KernelSpec } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { provider, remoteSpec, spec } from '../../__tests__/fixtures';
import { MockKernelProviders } from '../../__tests__/mockproviders';
import { COMMAND_IDS } from '../../tokens';
import { PlaceChip } from '../placechip';

const GPU = remoteSpec('gpu', 'GPU farm', 'Python 3');
const OFFLINE = provider('gpu', {
  label: 'GPU farm',
  state: 'offline',
  message: 'It is away.',
  retryAt: new Date(Date.now() + 60_000)
});

/** Show the chip of a notebook with a kernel on the GPU farm. */
function scene() {
  const providers = new MockKernelProviders(
    provider('local', { url: null }),
    provider('gpu', { label: 'GPU farm' })
  );
  const kernelChanged = new Signal<object, void>({});
  const context = {
    kernelDisplayName: GPU.display_name,
    session: { kernel: { name: 'gpu/python3' } } as unknown,
    kernelChanged
  };
  const specs = {
    specs: {
      default: 'python3',
      kernelspecs: {
        python3: spec('python3', 'Python 3'),
        'gpu/python3': GPU
      }
    },
    specsChanged: new Signal<object, void>({})
  };
  const commands = new CommandRegistry();
  const executed: unknown[] = [];
  for (const id of Object.values(COMMAND_IDS)) {
    commands.addCommand(id, {
      execute: args => executed.push([id, args['id']])
    });
  }
  const onChange = vi.fn();
  const chip = new PlaceChip({
    sessionContext: context as unknown as ISessionContext,
    providers,
    specs: specs as unknown as KernelSpec.IManager,
    commands,
    trans: nullTranslator.load(''),
    countsOf: () => ({ kernels: 8, running: 2 }),
    onChange
  });
  Widget.attach(chip, document.body);
  return { chip, context, executed, kernelChanged, onChange, providers };
}

let shown: ReturnType<typeof scene>;

beforeEach(() => {
  shown = scene();
});

afterEach(() => {
  shown.chip.dispose();
});

const button = (): HTMLButtonElement | null =>
  shown.chip.node.querySelector('button');

const popover = (): HTMLElement => {
  const id = button()?.getAttribute('popovertarget') ?? '';
  const found = document.getElementById(id);
  if (found === null) {
    throw new Error('There is no popover.');
  }
  return found;
};

/** What a browser does when the button is clicked. */
async function open(): Promise<void> {
  await vi.waitFor(() => {
    expect(button()).not.toBeNull();
  });
  popover().hidePopover = vi.fn();
  popover().dispatchEvent(
    Object.assign(new Event('toggle'), { newState: 'open' })
  );
  await vi.waitFor(() => {
    expect(popover().textContent).not.toBe('');
  });
}

function press(label: string): void {
  [...popover().querySelectorAll('button')]
    .find(({ textContent }) => textContent === label)
    ?.click();
}

describe('PlaceChip', () => {
  it('shows the place and its state', async () => {
    await vi.waitFor(() => {
      expect(button()?.textContent).toBe('GPU farm');
    });
    expect(button()?.title).toBe('This kernel runs on GPU farm: Online');
    shown.providers.become(OFFLINE);
    await vi.waitFor(() => {
      expect(button()?.title).toBe('This kernel runs on GPU farm: Offline');
    });
    expect(shown.chip.node.querySelector('.kpe-mod-offline')).not.toBeNull();
  });

  it.each([
    ['a local kernel', { kernel: { name: 'python3' } }, 'Python 3'],
    ['no kernel', null, 'No Kernel'],
    ['a kernel of a removed provider', { kernel: { name: 'x/r' } }, 'R (x)']
  ])('is hidden for %s', (_what, session, name) => {
    Object.assign(shown.context, { session, kernelDisplayName: name });
    shown.kernelChanged.emit();
    expect(shown.chip.isHidden).toBe(true);
  });

  it('is there while the kernel is starting', () => {
    Object.assign(shown.context, { session: null });
    shown.kernelChanged.emit();
    expect(shown.chip.isHidden).toBe(false);
  });
});

describe('its popover', () => {
  it('has the status, and leads to the kernel picker and to details', async () => {
    await open();
    expect(popover().getAttribute('aria-label')).toBe('GPU farm');
    expect(popover().textContent).toContain('42 ms · 8 kernels, 2 running');
    expect(popover().textContent).not.toContain('Retry');
    expect(document.activeElement?.textContent).toBe('Change kernel…');
    press('Change kernel…');
    expect(shown.onChange).toHaveBeenCalledOnce();
    press('Details');
    expect(shown.executed).toEqual([[COMMAND_IDS.details, 'gpu']]);
  });

  it('says what is wrong, and retries', async () => {
    shown.providers.become(OFFLINE);
    await open();
    expect(popover().textContent).toMatch(/It is away\..*Retrying in \d+ s\./);
    press('Retry');
    expect(shown.executed).toEqual([[COMMAND_IDS.retry, 'gpu']]);
  });

  it('is removed with the notebook', async () => {
    await open();
    const node = popover();
    shown.chip.dispose();
    expect(node.isConnected).toBe(false);
  });
});
