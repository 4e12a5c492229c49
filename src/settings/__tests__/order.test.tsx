// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import { nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import * as React from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import type { IKernelProviders, IProvider } from '../../tokens';
import { OrderField, reordered } from '../order';

const KNOWN = [
  provider('local', { label: 'This server' }),
  provider('gpu', { label: 'GPU farm' }),
  provider('cpu', { label: 'CPUs' })
];

/** The field in a form that passes each saved value back to the field. */
class Form extends ReactWidget {
  constructor(
    public value: string[],
    private readonly known = KNOWN,
    private readonly commands = new CommandRegistry()
  ) {
    super();
    Widget.attach(this, document.body);
  }

  protected override render(): React.JSX.Element {
    const providers = {
      providers: this.known,
      get: (id: string): IProvider | undefined =>
        this.known.find(provider => provider.id === id)
    };
    return (
      <OrderField
        schema={{ title: 'Order' }}
        idSchema={{ $id: 'field' }}
        formData={this.value}
        onChange={value => {
          this.value = [...value];
          this.update();
        }}
        providers={providers as unknown as IKernelProviders}
        specs={{ specs: null }}
        trans={nullTranslator.load('')}
        commands={this.commands}
      />
    );
  }

  async shows(...labels: string[]): Promise<void> {
    await vi.waitFor(() => {
      const items = [...this.node.querySelectorAll('li')];
      expect(items.map(({ textContent }) => textContent)).toEqual(labels);
    });
  }

  press(name: string): void {
    const button = this.node.querySelector<HTMLElement>(
      `[aria-label="${name}"]`
    );
    button?.focus();
    button?.click();
  }

  get announcement(): string | null | undefined {
    return this.node.querySelector('[role=status]')?.textContent;
  }
}

/** An attribute of the element with the focus. */
const focused = (name: string): string | null | undefined =>
  document.activeElement?.getAttribute(name);

let form: Form;

afterEach(() => {
  form.dispose();
});

describe('OrderField', () => {
  it('has the providers in their order, by their labels', async () => {
    form = new Form(['cpu', 'local']);
    await form.shows('CPUs', 'This server', 'GPU farm');
  });

  it.each([
    ['Move CPUs up', ['This server', 'CPUs', 'GPU farm']],
    ['Move This server down', ['GPU farm', 'This server', 'CPUs']]
  ])('can %s, and the focus stays there', async (name, labels) => {
    form = new Form([]);
    await form.shows('This server', 'GPU farm', 'CPUs');
    form.press(name);
    await form.shows(...labels);
    expect(focused('aria-label')).toBe(name);
    expect(form.announcement).toMatch(/ is now number 2$/);
  });

  it.each(['Move This server up', 'Move CPUs down'])(
    'does not %s, and the focus stays there',
    async name => {
      form = new Form([]);
      await form.shows('This server', 'GPU farm', 'CPUs');
      form.press(name);
      expect(form.value).toEqual([]);
      expect(focused('aria-label')).toBe(name);
      expect(focused('aria-disabled')).toBe('true');
    }
  );

  it('keeps the positions of providers that do not exist now', async () => {
    form = new Form(['gone', 'gpu', 'away']);
    await form.shows('This server', 'GPU farm', 'CPUs');
    form.press('Move CPUs up');
    await form.shows('This server', 'CPUs', 'GPU farm');
    expect(form.value).toEqual(['gone', 'local', 'away', 'cpu', 'gpu']);
  });
});

describe('OrderField without providers', () => {
  it('says that there are none', async () => {
    form = new Form(['gpu'], []);
    await form.shows();
    await vi.waitFor(() => {
      expect(form.node.textContent).toContain('not listed its providers');
    });
  });
});

describe('reordered', () => {
  it.each([
    [[], ['a', 'b'], ['a', 'b']],
    [
      ['a', 'b'],
      ['b', 'a'],
      ['b', 'a']
    ],
    [
      ['x', 'a', 'y', 'b'],
      ['b', 'a', 'c'],
      ['x', 'b', 'y', 'a', 'c']
    ],
    [['x'], [], ['x']]
  ])('changes %j by the order %j', (saved, ids, expected) => {
    expect(reordered(saved, ids)).toEqual(expected);
  });
});
