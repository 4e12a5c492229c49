import type { Kernel, KernelSpec, Session } from '@jupyterlab/services';

import type { IKernelSource, Places } from '../picker/choices';
import type { IProvider, ProviderState } from '../tokens';
import { provider as specimen } from './specimens';

export function spec(
  name: string,
  language = 'python',
  display_name = name
): KernelSpec.ISpecModel {
  return { name, language, display_name, argv: [], resources: {} };
}

export function specs(
  defaultName: string,
  ...models: KernelSpec.ISpecModel[]
): KernelSpec.ISpecModels {
  return {
    default: defaultName,
    kernelspecs: Object.fromEntries(models.map(it => [it.name, it]))
  };
}

export function kernel(id: string, name: string): Kernel.IModel {
  return { id, name, execution_state: 'idle' };
}

export function session(path: string, its: Kernel.IModel): Session.IModel {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return { id: path, path, name, type: 'notebook', kernel: its };
}

export function source(parts: Partial<IKernelSource>): IKernelSource {
  return {
    specs: null,
    running: [],
    sessions: [],
    elsewhere: new Map(),
    current: null,
    preference: {},
    path: 'mine.ipynb',
    ...parts
  };
}

export function provider(
  id: string,
  state: ProviderState = 'online'
): IProvider {
  return specimen(id, {
    label: id === 'local' ? 'This server' : `The ${id}`,
    state
  });
}

export function places(...providers: IProvider[]): Places {
  return {
    providers,
    idOf: name => (name.includes('/') ? (name.split('/')[0] ?? '') : 'local')
  };
}

/** A server with a remote provider. */
export const two = places(provider('local'), provider('gpu'));
