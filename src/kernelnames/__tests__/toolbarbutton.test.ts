// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { ISessionContext } from '@jupyterlab/apputils';
import type { KernelSpec } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { remoteSpec } from '../../__tests__/fixtures';
import { MockKernelProviders } from '../../__tests__/mockproviders';
import { DEFAULT_PREFERENCES } from '../../providers/model';
import { KernelNameButton } from '../toolbarbutton';

/** Show the button of a session whose kernel has the name `scene.name`. */
function scene(name: string) {
  const kernelChanged = new Signal<object, void>({});
  const specsChanged = new Signal<object, void>({});
  const sessionContext = { kernelDisplayName: name, kernelChanged };
  const specs = { specs: null as KernelSpec.ISpecModels | null, specsChanged };
  const selectKernel = vi.fn(() => Promise.resolve());
  const providers = Object.assign(new MockKernelProviders(), {
    template: '{kernel} ({provider})'
  });
  const button = new KernelNameButton({
    sessionContext: sessionContext as unknown as ISessionContext,
    providers,
    dialogs: { selectKernel, restart: () => Promise.resolve(true) },
    specs: specs as unknown as KernelSpec.IManager,
    trans: nullTranslator.load('')
  });
  Widget.attach(button, document.body);
  return {
    button,
    kernelChanged,
    providers,
    selectKernel,
    sessionContext,
    specs
  };
}

let shown: ReturnType<typeof scene>;

beforeEach(() => {
  shown = scene('Python 3 (GPU)');
});

afterEach(() => {
  shown.button.dispose();
});

/** Wait until the button has this text. */
const says = (label: string): Promise<void> =>
  vi.waitFor(() => {
    expect(shown.button.node.textContent).toBe(label);
  });

const control = (): HTMLElement | null =>
  shown.button.node.querySelector('.jp-Toolbar-kernelName');

describe('KernelNameButton', () => {
  it('shows the name of the kernel, like the stock button', async () => {
    await says('Python 3 (GPU)');
    expect(shown.button.hasClass('jp-KernelName')).toBe(true);
    expect(control()?.title).toBe('Switch kernel');
  });

  it('follows a change of the kernel', async () => {
    await says('Python 3 (GPU)');
    shown.sessionContext.kernelDisplayName = 'R';
    shown.kernelChanged.emit();
    await says('R');
  });

  it('follows a change of the name', async () => {
    await says('Python 3 (GPU)');
    shown.sessionContext.kernelDisplayName = 'GPU: Python 3';
    shown.specs.specsChanged.emit();
    await says('GPU: Python 3');
  });

  it('shortens the kernel in a long name, and has the whole name in the title', async () => {
    const kernel = 'Python 3.12 with CUDA 12.4 and PyTorch 2.6';
    const spec = remoteSpec('gpu', 'The GPU farm in the basement', kernel);
    shown.specs.specs = { default: '', kernelspecs: { [spec.name]: spec } };
    shown.sessionContext.kernelDisplayName = spec.display_name;
    shown.specs.specsChanged.emit();
    await says('Python 3.12 with…and PyTorch 2.6');
    expect(control()?.title).toBe(`${spec.display_name}\nSwitch kernel`);

    // A placement that the user has chosen is seen.
    shown.providers.preferences = {
      ...DEFAULT_PREFERENCES,
      placement: 'suffix'
    };
    shown.providers.changed.emit();
    await says(
      'Python 3.12 with…and PyTorch 2.6 (The GPU farm in the basement)'
    );
    expect(control()?.title).toBe(`${spec.display_name}\nSwitch kernel`);
  });

  it('has all that tells two kernels of one place apart', async () => {
    const spec = {
      ...remoteSpec('gpu', 'GPU', 'Python 3'),
      display_name: 'Python 3 (GPU) [gpu/python3]'
    };
    shown.specs.specs = { default: '', kernelspecs: { [spec.name]: spec } };
    shown.sessionContext.kernelDisplayName = spec.display_name;
    shown.specs.specsChanged.emit();
    await says('Python 3 (GPU) [gpu/python3]');
  });

  it('shows the kernel that there is, until a switch is done', async () => {
    const r = remoteSpec('gpu', 'GPU', 'R', 'ir');
    const julia = remoteSpec('hpc', 'HPC', 'Julia', 'julia');
    shown.specs.specs = {
      default: '',
      kernelspecs: { [r.name]: r, [julia.name]: julia }
    };
    // JupyterLab already has the name of the other one, and keeps it after a failure.
    Object.assign(shown.sessionContext, {
      kernelDisplayName: julia.display_name,
      session: { kernel: { name: r.name } }
    });
    shown.kernelChanged.emit();
    await says('R');
    expect(control()?.title).toBe('R (GPU)\nSwitch kernel');
  });

  it('opens the kernel picker', async () => {
    await says('Python 3 (GPU)');
    control()?.click();
    expect(shown.selectKernel).toHaveBeenCalledWith(shown.sessionContext);
  });
});
