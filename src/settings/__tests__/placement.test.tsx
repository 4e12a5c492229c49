// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import { nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import * as React from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { remoteSpec, spec } from '../../__tests__/fixtures';
import type { IKernelProviders } from '../../tokens';
import { PlacementField } from '../placement';

/** The field in a form that passes each saved value back to the field. */
class Form extends ReactWidget {
  readonly saved: string[] = [];

  constructor(
    public value: string,
    private readonly template = '{provider} / {kernel}'
  ) {
    super();
    Widget.attach(this, document.body);
  }

  protected override render(): React.JSX.Element {
    const remote = remoteSpec('gpu', 'GPU farm', 'R 4');
    const kernelspecs = {
      python3: spec('python3', 'Python 3'),
      [remote.name]: remote
    };
    return (
      <PlacementField
        schema={{ title: 'Place' }}
        idSchema={{ $id: 'field' }}
        formData={this.value}
        onChange={value => {
          this.saved.push(value);
          this.set(value);
        }}
        providers={{ template: this.template } as IKernelProviders}
        specs={{ specs: { default: '', kernelspecs } }}
        trans={nullTranslator.load('')}
        commands={new CommandRegistry()}
      />
    );
  }

  set(value: string): void {
    this.value = value;
    this.update();
  }

  /** Change the value of a control, as a user does. */
  async give(control: 'input' | 'select', value: string): Promise<void> {
    const element = await vi.waitFor(() => {
      const found = this.node.querySelector<HTMLInputElement>(control);
      if (found === null) {
        throw new Error(`No ${control}.`);
      }
      return found;
    });
    const prototype: unknown = Object.getPrototypeOf(element);
    const property = Object.getOwnPropertyDescriptor(prototype, 'value');
    property?.set?.call(element, value);
    const event = control === 'input' ? 'input' : 'change';
    element.dispatchEvent(new Event(event, { bubbles: true }));
  }

  /** Wait until the field shows a choice, a template and a text about the template. */
  async shows(choice: string, template?: string, more = ''): Promise<void> {
    await vi.waitFor(() => {
      expect(this.node.querySelector('select')?.value).toBe(choice);
      expect(this.node.querySelector('input')?.value).toBe(template);
      const effect = this.node.querySelector('.kpe-PlacementField-effect');
      expect(effect?.textContent ?? '').toContain(more);
    });
  }

  get alert(): string | undefined {
    return this.node.querySelector('[role=alert]')?.textContent ?? undefined;
  }
}

let form: Form;

afterEach(() => {
  form.dispose();
});

describe('PlacementField', () => {
  it('has an example of an existing kernel for each choice', async () => {
    form = new Form('');
    await form.shows('');
    const options = [...form.node.querySelectorAll('option')];
    expect(options.map(({ textContent }) => textContent)).toEqual([
      'Default: GPU farm / R 4',
      'After the kernel: R 4 (GPU farm)',
      'Before the kernel: GPU farm: R 4',
      'Not shown: R 4',
      'Template…'
    ]);
  });

  it.each(['', '{kernel:>9}'])(
    "does not guess what an administrator's template %j makes",
    async template => {
      form = new Form('', template);
      await form.shows('');
      expect(form.node.querySelector('option')?.textContent).toBe('Default');
    }
  );

  it('saves a choice', async () => {
    form = new Form('');
    await form.give('select', 'prefix');
    await form.shows('prefix');
    expect(form.saved).toEqual(['prefix']);
  });

  it.each([
    ['prefix', '{provider}: {kernel}'],
    ['', '{provider} / {kernel}']
  ])('starts a template with the template of %j', async (value, template) => {
    form = new Form(value);
    await form.give('select', 'template');
    await form.shows('template', template, 'Example: GPU farm');
    expect(form.saved).toEqual([template]);
  });

  it('shows an example of a template', async () => {
    form = new Form('{kernel} @ {provider}');
    await form.shows('template', '{kernel} @ {provider}', 'R 4 @ GPU farm');
    expect(form.alert).toBeUndefined();
  });

  it.each(['{kernl}', '{kernel', '', 'none'])(
    'says what is wrong with %j, and keeps the last valid one',
    async bad => {
      form = new Form('{kernel}');
      await form.give('input', '{kernel} @ {provider}');
      await form.shows('template', '{kernel} @ {provider}');
      await form.give('input', bad);
      await form.shows('template', bad, 'Names do not change');
      expect(form.alert).toContain('{kernel}');
      const input = form.node.querySelector('input');
      expect(input?.getAttribute('aria-invalid')).toBe('true');
      expect(form.value).toBe('{kernel} @ {provider}');
    }
  );

  it('saves a valid template after an invalid one', async () => {
    form = new Form('{kernel}');
    await form.give('input', '{kernel} {');
    await form.shows('template', '{kernel} {', 'brace');
    await form.give('input', '{kernel} {provider}');
    await form.shows('template', '{kernel} {provider}', 'R 4 GPU farm');
    expect(form.alert).toBeUndefined();
    expect(form.saved).toEqual(['{kernel} {provider}']);
  });

  it('drops an invalid template for another choice', async () => {
    form = new Form('{kernel}');
    await form.give('input', '{kernl}');
    await form.shows('template', '{kernl}');
    await form.give('select', 'suffix');
    await form.shows('suffix');
  });

  it('shows a value from outside, for example a restored default', async () => {
    form = new Form('{kernel} @ {provider}');
    await form.give('input', '{kernl}');
    await form.shows('template', '{kernl}');
    form.set('');
    await form.shows('');
  });

  it('says what is wrong with a template from the JSON editor', async () => {
    form = new Form('{kernl}');
    await form.shows('template', '{kernl}', 'Unknown field {kernl}.');
    expect(form.saved).toEqual([]);
  });
});
