// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import { readFileSync } from 'node:fs';

import { nullTranslator } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';
import * as React from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { SAVED } from '../../providers';
import type { Settings } from '../../providers';
import { ADVANCED, BASIC } from '../fields';
import { ProviderForm } from '../form';
import { ProviderFormModel } from '../model';
import type { IFailure } from '../model';

const SCHEMA = JSON.parse(
  readFileSync('kernel_providers_ext/provider/config.schema.json', 'utf8')
) as ReadonlyJSONObject;

class Form extends VDomRenderer<ProviderFormModel> {
  protected override render(): React.JSX.Element {
    return <ProviderForm model={this.model} />;
  }
}

async function formOf(
  settings: Settings,
  failure: IFailure | null = null
): Promise<Form> {
  const model = new ProviderFormModel({
    declarations: {
      test: () => Promise.reject(new Error()),
      add: () => Promise.reject(new Error()),
      get: () => Promise.reject(new Error()),
      change: () => Promise.reject(new Error())
    },
    schema: SCHEMA,
    trans: nullTranslator.load(''),
    declared: null,
    settings
  });
  vi.spyOn(model, 'failure', 'get').mockReturnValue(failure);
  const form = new Form(model);
  Widget.attach(form, document.body);
  await form.renderPromise;
  return form;
}

/** The input that a label is for. */
function field(form: Form, label: string): HTMLInputElement {
  const found = [...form.node.querySelectorAll('label')].find(
    ({ textContent }) => textContent === label
  );
  const input = form.node.querySelector(`#${found?.htmlFor ?? 'none'}`);
  return input as HTMLInputElement;
}

/** Type a text into an input, as React sees it. */
async function type(
  form: Form,
  input: HTMLInputElement | HTMLSelectElement,
  text: string
): Promise<void> {
  const prototype = Object.getPrototypeOf(input) as HTMLInputElement;
  Object.getOwnPropertyDescriptor(prototype, 'value')?.set?.call(input, text);
  input.dispatchEvent(new Event('input', { bubbles: true }));
  input.dispatchEvent(new Event('change', { bubbles: true }));
  await form.renderPromise;
}

afterEach(() => {
  document.body.textContent = '';
  vi.restoreAllMocks();
});

describe('the form', () => {
  it('has each field of a file, except those for which it has no room', () => {
    const { properties } = SCHEMA as { properties: Record<string, unknown> };
    const left = Object.keys(properties).filter(
      name => !([...BASIC, ...ADVANCED] as string[]).includes(name)
    );
    expect(left).toEqual(['kind', 'enabled', 'headers', 'cookies', 'options']);
  });

  it('labels each input', async () => {
    const form = await formOf({ url: 'https://gpu/' });
    const inputs = form.node.querySelectorAll('input, select');
    expect(inputs.length).toBeGreaterThan(20);
    const unlabelled = [...inputs].filter(
      input =>
        (input as HTMLInputElement).labels?.length === 0 &&
        input.getAttribute('aria-label') === null
    );
    expect(unlabelled.map(({ id }) => id)).toEqual([]);
  });

  it('writes what is typed, and nothing else', async () => {
    const form = await formOf({ url: 'https://gpu/', headers: { a: SAVED } });
    await type(form, field(form, 'Name'), 'GPU farm');
    await type(form, field(form, 'To connect'), '7');
    await type(form, field(form, 'Offer only these kernels'), 'python*, ir');
    expect(form.model.settings).toEqual({
      url: 'https://gpu/',
      headers: { a: SAVED },
      label: 'GPU farm',
      timeouts: { connect: 7 },
      include: ['python*', 'ir']
    });
    await type(form, field(form, 'Name'), '');
    await type(form, field(form, 'To connect'), '');
    await type(form, field(form, 'Offer only these kernels'), '');
    expect(form.model.settings).toEqual({
      url: 'https://gpu/',
      headers: { a: SAVED }
    });
  });

  it('takes a secret from any source', async () => {
    const form = await formOf({ url: 'https://gpu/' });
    const token = field(form, 'Token');
    expect(token.type).toBe('password');
    await type(form, token, 'secret');
    expect(form.model.settings['token']).toEqual({ value: 'secret' });
    const source = form.node.querySelector('select') as HTMLSelectElement;
    await type(form, source, 'command');
    expect(form.model.settings['token']).toBeUndefined();
    const command = field(form, 'Token');
    expect(command.tagName).toBe('TEXTAREA');
    await type(form, command, 'sh\n-c\necho a b');
    expect(form.model.settings['token']).toEqual({
      command: ['sh', '-c', 'echo a b']
    });
  });

  it('understands a copied address when the user leaves the field', async () => {
    const form = await formOf({});
    const address = field(form, 'Address');
    await type(form, address, 'https://gpu/doc');
    expect(address.value).toBe('https://gpu/doc');
    await type(form, address, 'https://gpu/docker/lab');
    address.dispatchEvent(new FocusEvent('focusout', { bubbles: true }));
    await form.renderPromise;
    expect(form.model.settings).toEqual({ url: 'https://gpu/docker/' });
  });

  it('has no text for what cannot be shown', async () => {
    const form = await formOf({ url: 'https://gpu/', proxy: SAVED });
    expect(form.node.innerHTML).not.toContain('object Object');
    const replace = form.node.querySelector<HTMLElement>(
      '[aria-label="Replace: HTTP proxy"]'
    );
    replace?.click();
    await form.renderPromise;
    expect(field(form, 'HTTP proxy').value).toBe('');
    expect(form.model.settings).toEqual({ url: 'https://gpu/' });
  });

  it('keeps a saved secret until it is replaced', async () => {
    const form = await formOf({ url: 'https://gpu/', token: SAVED });
    expect(form.node.textContent).toContain('It is saved, and is not shown.');
    await type(form, field(form, 'Name'), 'x');
    expect(form.model.settings['token']).toEqual(SAVED);
    const replace = [...form.node.querySelectorAll('button')].find(
      ({ textContent }) => textContent === 'Replace'
    );
    replace?.click();
    await form.renderPromise;
    expect(form.model.settings['token']).toBeUndefined();
  });

  it.each([
    ['label', 'Name'],
    ['timeouts.connect', 'To connect'],
    ['auth.password', 'Password'],
    ['include', 'Offer only these kernels'],
    ['id', 'ID']
  ])('shows what is wrong at the field %s', async (path, label) => {
    const failure = { message: 'It is wrong.', reason: 'invalid', field: path };
    const form = await formOf({ url: 'https://gpu/' }, failure);
    const input = field(form, label);
    expect(input.getAttribute('aria-invalid')).toBe('true');
    const described = input.getAttribute('aria-describedby') ?? '';
    const texts = described
      .split(' ')
      .map(id => document.getElementById(id)?.textContent ?? '');
    expect(texts).toContain('It is wrong.');
    const isAdvanced = path !== 'label';
    expect(form.node.querySelector('details')?.open).toBe(isAdvanced);
    const status = form.node.querySelector('[role=status]');
    expect(status?.textContent).toBe('It is wrong.');
    expect(status?.firstElementChild?.className).toBe('kpe-visually-hidden');
  });

  it('shows what is wrong at no field below the fields', async () => {
    const failure = { message: 'The disk is full.', reason: 'file', field: '' };
    const form = await formOf({ url: 'https://gpu/' }, failure);
    expect(form.node.querySelector('[role=status]')?.textContent).toBe(
      'The disk is full.'
    );
  });
});
