import { nullTranslator } from '@jupyterlab/translation';
import { expect, it } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import { MockKernelProviders } from '../../__tests__/mockproviders';
import { missingKernelText } from '../missing';

const trans = nullTranslator.load('');
const GPU = provider('gpu', { label: 'GPU farm' });

it.each([
  ['julia', 'This server does not have the kernel “julia”.'],
  ['gpu/julia', 'GPU farm does not have the kernel “julia”.'],
  [
    'tpu/julia',
    'The kernel “julia” belongs to the provider “tpu”, which this server does not have.'
  ]
])('says where the kernel %s is missing', (name, text) => {
  const local = provider('local', { label: 'This server' });
  const providers = new MockKernelProviders(local, GPU);
  expect(missingKernelText(name, providers, trans)).toBe(text);
});

it('names no provider if this server has no kernels of its own', () => {
  expect(missingKernelText('julia', new MockKernelProviders(GPU), trans)).toBe(
    'The kernel “julia” is not available.'
  );
});
