import type { Kernel, KernelSpec } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { DEFAULT_PREFERENCES } from '../providers/model';
import { LOCAL_ID, NAME_SEPARATOR } from '../tokens';
import type {
  IKernelProviders,
  IPreferences,
  IProblem,
  IProvider
} from '../tokens';

/** Kernel providers that a test controls. */
export class MockKernelProviders implements IKernelProviders {
  constructor(...providers: IProvider[]) {
    this.providers = providers;
  }

  ready = Promise.resolve();
  providers: readonly IProvider[];
  hasCompanion = true;
  mayAdd = true;
  problems: readonly IProblem[] = [];
  readonly template = '';
  preferences: IPreferences = DEFAULT_PREFERENCES;
  recent: readonly string[] = [];
  files: Readonly<Record<string, string>> = {};
  /** The kernels that were starred, or whose star was removed. */
  readonly stars: [string, boolean][] = [];
  readonly changed = new Signal<this, void>(this);
  /** Ids of the providers that were retried. */
  readonly retried: string[] = [];

  /** Other kernels by provider id; a provider without an entry does not list its kernels. */
  readonly otherKernelsById = new Map<string, readonly Kernel.IModel[]>();
  /** Ids of the provider and the kernel of each attached kernel. */
  readonly attached: [string, string][] = [];

  /** Replace the providers, and emit `changed`. */
  become(...providers: IProvider[]): void {
    this.providers = providers;
    this.changed.emit();
  }

  get(id: string): IProvider | undefined {
    return this.providers.find(provider => provider.id === id);
  }

  idOf(kernelName: string): string {
    const [id = '', kernel] = kernelName.split(NAME_SEPARATOR);
    return kernel === undefined ? LOCAL_ID : id;
  }

  refresh(): Promise<void> {
    return Promise.resolve();
  }

  retry(id: string): Promise<void> {
    this.retried.push(id);
    return Promise.resolve();
  }

  star(kernelName: string, isStarred: boolean): Promise<void> {
    this.stars.push([kernelName, isStarred]);
    return Promise.resolve();
  }

  dismissHint(): Promise<void> {
    this.preferences = { ...this.preferences, hint: false };
    this.changed.emit();
    return Promise.resolve();
  }

  otherKernels(id: string): Promise<readonly Kernel.IModel[]> {
    const kernels = this.otherKernelsById.get(id);
    return kernels === undefined
      ? Promise.reject(new Error(`${id} does not list its kernels.`))
      : Promise.resolve(kernels);
  }

  attach(id: string, kernelId: string): Promise<Kernel.IModel> {
    this.attached.push([id, kernelId]);
    return Promise.resolve({ id: `${kernelId}-here`, name: `${id}/python3` });
  }
}

/** Make Python kernelspecs with these names; the first is the default. */
export function specsOf(...names: string[]): KernelSpec.ISpecModels {
  return {
    default: names[0] ?? '',
    kernelspecs: Object.fromEntries(
      names.map(name => [
        name,
        {
          name,
          display_name: name,
          language: 'python',
          argv: [],
          resources: {}
        }
      ])
    )
  };
}
