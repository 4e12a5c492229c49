import type { Kernel, KernelSpec, Session } from '@jupyterlab/services';

import type { IKernelSource, PickerProviders } from '../picker/choices';
import { DEFAULT_PREFERENCES } from '../providers/model';
import type { IProvider, ProviderState } from '../tokens';
import { provider as fixture } from './fixtures';

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
    otherKernels: new Map(),
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
  return fixture(id, {
    label: id === 'local' ? 'This server' : `The ${id}`,
    state
  });
}

export function kernelProviders(...providers: IProvider[]): PickerProviders {
  return {
    providers,
    preferences: DEFAULT_PREFERENCES,
    recent: [],
    idOf: name => (name.includes('/') ? (name.split('/')[0] ?? '') : 'local')
  };
}

/** This server and one remote provider. */
export const two = kernelProviders(provider('local'), provider('gpu'));
