// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { MainAreaWidget } from '@jupyterlab/apputils';
import { Launcher } from '@jupyterlab/launcher';
import type { ILauncher } from '@jupyterlab/launcher';
import { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { ContextMenu, Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { launcherPlugin } from '../plugin';

/** A main area that keeps a list of its widgets. */
class MockShell {
  readonly layoutModified = new Signal<this, void>(this);
  readonly addRequested = new Signal<this, object>(this);
  addButtonEnabled = false;
  readonly main: Widget[] = [];
  readonly add = vi.fn<(widget: Widget, area: string, options: object) => void>(
    widget => {
      this.main.push(widget);
      Widget.attach(widget, document.body);
      widget.disposed.connect(() => {
        this.remove(widget);
      });
      this.layoutModified.emit();
    }
  );

  *widgets(): IterableIterator<Widget> {
    yield* this.main;
  }

  isEmpty(): boolean {
    return this.main.length === 0;
  }

  remove(widget: Widget): void {
    this.main.splice(this.main.indexOf(widget), 1);
    this.layoutModified.emit();
  }
}

/** The model of a file browser that shows a folder. */
class MockBrowserModel {
  path = 'folder';
  readonly restored = Promise.resolve();
  readonly pathChanged = new Signal<this, void>(this);

  goTo(path: string): void {
    this.path = path;
    this.pathChanged.emit();
  }
}

let commands: CommandRegistry;
let shell: MockShell;
let browser: MockBrowserModel;
let model: ILauncher;

async function create(
  args: ReadonlyPartialJSONObject = {}
): Promise<MainAreaWidget<Launcher>> {
  return (await commands.execute(
    'launcher:create',
    args
  )) as MainAreaWidget<Launcher>;
}

beforeEach(async () => {
  commands = new CommandRegistry();
  shell = new MockShell();
  browser = new MockBrowserModel();
  const app = {
    commands,
    shell,
    restored: Promise.resolve(),
    contextMenu: new ContextMenu({ commands }),
    contextMenuHitTest: () => undefined,
    serviceManager: {
      kernels: { running: () => [], runningChanged: new Signal({}) },
      kernelspecs: { specs: null }
    }
  };
  model = await launcherPlugin.activate(
    app as unknown as JupyterFrontEnd,
    null,
    null,
    shell,
    null,
    { model: browser },
    null
  );
  await new Promise(resolve => setTimeout(resolve));
});

afterEach(() => {
  Signal.clearData(shell);
  for (const widget of [...shell.main]) {
    widget.dispose();
  }
});

describe('launcher:create', () => {
  it('opens a launcher in the folder of the file browser, and follows it', async () => {
    const { content } = await create();
    expect(content).toBeInstanceOf(Launcher);
    expect(content.cwd).toBe('folder');
    browser.goTo('folder/sub');
    expect(content.cwd).toBe('folder/sub');
  });

  it('opens it in the given folder and position', async () => {
    const main = await create({ cwd: 'there', ref: 'tab', activate: false });
    expect(main.content.cwd).toBe('there');
    expect(shell.add).toHaveBeenCalledWith(main, 'main', {
      ref: 'tab',
      activate: false
    });
  });

  it('has the icon of the toolbar only there', () => {
    expect(commands.icon('launcher:create', {})).toBeUndefined();
    expect(commands.icon('launcher:create', { toolbar: true })).toBeDefined();
    expect(commands.label('launcher:create', {})).toBe('New Launcher');
  });

  it('cannot be closed while it is the only widget', async () => {
    const first = await create();
    expect(first.title.closable).toBe(false);
    const second = await create();
    expect(first.title.closable).toBe(true);
    expect(second.title.closable).toBe(true);
    second.dispose();
    expect(first.title.closable).toBe(false);
  });

  it('has the items of other extensions in every launcher', async () => {
    commands.addCommand('a', { label: 'Item A', execute: () => undefined });
    const one = await create();
    const item = model.add({ command: 'a', category: 'Mine' });
    const two = await create();
    await vi.waitFor(() => {
      expect(one.node.textContent).toContain('Item A');
      expect(two.node.textContent).toContain('Item A');
    });
    item.dispose();
    await vi.waitFor(() => {
      expect(one.node.textContent).not.toContain('Item A');
    });
  });

  it('is replaced by what the user starts, if that is a tab', async () => {
    const opened = new Widget();
    commands.addCommand('tab', {
      label: 'Tab',
      execute: () => {
        shell.main.push(opened);
        return opened;
      }
    });
    commands.addCommand('other', {
      label: 'Other',
      execute: () => new Widget()
    });
    model.add({ command: 'tab' });
    model.add({ command: 'other' });
    const main = await create();
    const card = (title: string): Promise<HTMLElement> =>
      vi.waitFor(() => {
        const node = main.node.querySelector<HTMLElement>(`[title="${title}"]`);
        expect(node).not.toBeNull();
        return node as HTMLElement;
      });
    (await card('Other')).click();
    await new Promise(resolve => setTimeout(resolve));
    expect(main.isDisposed).toBe(false);

    (await card('Tab')).click();
    await vi.waitFor(() => {
      expect(main.content.isDisposed).toBe(true);
    });
    expect(shell.add).toHaveBeenLastCalledWith(opened, 'main', {
      ref: main.id
    });
  });
});

describe('the main area', () => {
  it('is never left empty', async () => {
    expect(shell.main).toEqual([]);
    shell.layoutModified.emit();
    await vi.waitFor(() => {
      expect(shell.main).toHaveLength(1);
    });
  });

  it('has a button that opens a launcher next to the current tab', async () => {
    expect(shell.addButtonEnabled).toBe(true);
    const titles = [{ owner: { id: 'one' } }, { owner: { id: 'two' } }];
    shell.addRequested.emit({ currentTitle: titles[0], titles });
    shell.addRequested.emit({ currentTitle: null, titles });
    await vi.waitFor(() => {
      expect(shell.add).toHaveBeenCalledTimes(2);
    });
    expect(shell.add.mock.calls.map(([, , options]) => options)).toEqual([
      { ref: 'one' },
      { ref: 'two' }
    ]);
  });
});
