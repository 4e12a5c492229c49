// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { KernelSpec } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import * as React from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { remoteSpec } from '../../__tests__/fixtures';
import type { ISettingsFieldProps } from '../props';
import { StarredField } from '../starred';

const PYTHON = remoteSpec('gpu', 'GPU', 'Python 3');

/** Show the field, and return its element and what it saves. */
async function show(...starred: string[]) {
  const onChange = vi.fn();
  const props = {
    formData: starred,
    onChange,
    specs: { specs: { kernelspecs: { [PYTHON.name]: PYTHON } } },
    trans: nullTranslator.load(''),
    idSchema: { $id: 'root_starred' },
    schema: { title: 'Starred kernels' }
  } as unknown as ISettingsFieldProps<readonly string[]> & {
    specs: KernelSpec.IManager;
  };
  const widget = ReactWidget.create(<StarredField {...props} />);
  Widget.attach(widget, document.body);
  await vi.waitFor(() => {
    expect(widget.node.childElementCount).toBeGreaterThan(0);
  });
  return { node: widget.node, onChange };
}

afterEach(() => {
  document.body.replaceChildren();
});

describe('StarredField', () => {
  it('has the display names of the kernels, and removes stars', async () => {
    const { node, onChange } = await show('gpu/python3', 'gone/x');
    const rows = [...node.querySelectorAll('li')];
    expect(rows.map(({ textContent }) => textContent)).toEqual([
      'Python 3 (GPU)',
      'gone/x'
    ]);
    const button = rows[0]?.querySelector('button');
    expect(button?.title).toBe('Remove the star of Python 3 (GPU)');
    button?.click();
    expect(onChange).toHaveBeenCalledWith(['gone/x']);
  });

  it('says that there are none', async () => {
    const { node } = await show();
    expect(node.textContent).toContain('No kernel has a star.');
  });
});
