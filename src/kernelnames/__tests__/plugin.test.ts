// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { JupyterFrontEnd } from '@jupyterlab/application';
import {
  createDefaultFactory,
  KernelStatus,
  ToolbarWidgetRegistry
} from '@jupyterlab/apputils';
import type { IKernelStatusModel, ISessionContext } from '@jupyterlab/apputils';
import type { ConsolePanel, IConsoleTracker } from '@jupyterlab/console';
import { RunningSessionManagers } from '@jupyterlab/running';
import type { IRunningSessions } from '@jupyterlab/running';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { Title, Widget } from '@lumino/widgets';
import { describe, expect, it, vi } from 'vitest';

import { kernelNamesPlugin } from '../plugin';
import { KernelNameButton } from '../toolbarbutton';

// Only their tokens are needed; the packages need more of a browser than jsdom has.
vi.mock('@jupyterlab/notebook', () => ({ INotebookTracker: {} }));
vi.mock('@jupyterlab/console', () => ({ IConsoleTracker: {} }));

/** Make a session of a kernel whose name can change. */
function session(name: string) {
  const signal = (): Signal<object, unknown> => new Signal({});
  return {
    kernelDisplayName: name,
    kernelDisplayStatus: 'idle',
    kernelChanged: signal(),
    statusChanged: signal(),
    connectionStatusChanged: signal()
  };
}

const specsChanged = new Signal<object, void>({});

/** Activate the plugin with some parts of an application. */
function follow(parts: {
  toolbars?: ToolbarWidgetRegistry;
  consoles?: Pick<IConsoleTracker, 'forEach'>;
  status?: IKernelStatusModel;
  running?: RunningSessionManagers;
}): void {
  const { toolbars, consoles, status, running } = parts;
  const app: unknown = { serviceManager: { kernelspecs: { specsChanged } } };
  void kernelNamesPlugin.activate(
    app as JupyterFrontEnd,
    toolbars ?? null,
    null,
    null,
    consoles ?? null,
    status ?? null,
    running ?? null,
    null,
    null
  );
}

describe('kernelNamesPlugin', () => {
  it.each(['Notebook', 'ConsolePanel'])(
    'replaces the stock button in a %s',
    factory => {
      const toolbars = new ToolbarWidgetRegistry({
        defaultFactory: createDefaultFactory(new CommandRegistry())
      });
      toolbars.addFactory(factory, 'kernelName', () => new Widget());
      follow({ toolbars });

      const panel = new Widget();
      Object.assign(panel, { sessionContext: session('Python 3') });
      const button = toolbars.createWidget(factory, panel, {
        name: 'kernelName'
      });

      expect(button).toBeInstanceOf(KernelNameButton);
      panel.dispose();
      expect(button.isDisposed).toBe(true);
    }
  );

  it('updates the item of the status bar', () => {
    const context = session('Python 3 (GPU)');
    const model = new KernelStatus.Model();
    const drawn: string[] = [];
    // Like JupyterLab's plugin, which has a set of session providers.
    const sessions = new Set([() => context as unknown as ISessionContext]);
    const read = (): void => {
      const found = [...sessions].map(find => find()).filter(Boolean);
      model.sessionContext = found[0] ?? null;
    };
    follow({
      status: {
        addSessionProvider: provider => {
          sessions.add(provider as () => ISessionContext);
          read();
        }
      }
    });
    read();
    model.stateChanged.connect(() => drawn.push(model.kernelName));

    context.kernelDisplayName = 'GPU: Python 3';
    specsChanged.emit();
    expect(drawn).toEqual(['GPU: Python 3']);
    specsChanged.emit();
    expect(sessions.size).toBe(2);
  });

  describe('in the list of running kernels', () => {
    /** How often a section with an item of this class reads its items again. */
    function emitted(className: string | null): number {
      let count = 0;
      const runningChanged = new Signal<object, unknown>({});
      runningChanged.connect(() => {
        count += 1;
      });
      const item = { className } as IRunningSessions.IRunningItem;
      const running = new RunningSessionManagers();
      running.add({
        runningChanged,
        running: () => (className === null ? [] : [item])
      } as unknown as IRunningSessions.IManager);
      follow({ running });
      specsChanged.emit();
      return count;
    }

    it.each([
      ['jp-mod-kernelspec', 1],
      ['jp-mod-terminal', 0],
      [null, 0]
    ])('makes a section with %s items read them again: %i', (name, count) => {
      expect(emitted(name)).toBe(count);
    });
  });

  it("updates the tooltip of a console's tab", () => {
    const sessionContext = session('GPU: Python 3');
    const title = new Title({
      owner: new Widget(),
      caption: 'Name: Console 1\nDirectory: x\nKernel: Python 3 (GPU)\nMore: y'
    });
    const panel = { sessionContext, title } as unknown as ConsolePanel;
    follow({
      consoles: {
        forEach: visit => {
          visit(panel);
        }
      }
    });

    specsChanged.emit();

    expect(title.caption).toBe(
      'Name: Console 1\nDirectory: x\nKernel: GPU: Python 3\nMore: y'
    );
  });

  it('works without any of these', () => {
    follow({});
    expect(() => {
      specsChanged.emit();
    }).not.toThrow();
  });
});
