import { translateKernelStatuses } from '@jupyterlab/apputils';
import type { IRunningSessions } from '@jupyterlab/running';
import type { Kernel, ServiceManager, Session } from '@jupyterlab/services';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import {
  consoleIcon,
  fileIcon,
  kernelIcon,
  notebookIcon
} from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Throttler } from '@lumino/polling';
import { Signal } from '@lumino/signaling';

import { stateIcon } from '../components';
import { kernelLabels } from '../naming';
import { shutDownKernels } from '../providers';
import { isAvailable } from '../state';
import { age, briefStatus } from '../text';
import { COMMAND_IDS, TRANSLATION_DOMAIN } from '../tokens';
import type { IKernelProviders, IProvider } from '../tokens';
import { kernelsByProvider } from './byprovider';
import { shutdownAllText } from './shutdowntext';

/** JupyterLab's command that opens a notebook or a console. */
const OPEN = 'running:kernel-open-session';

/** Milliseconds within which several changes redraw the list once. */
const GROUPING = 100;

type Item = IRunningSessions.IRunningItem;

export interface IProviderSessionsOptions {
  readonly providers: IKernelProviders;
  readonly services: Pick<
    ServiceManager.IManager,
    'kernels' | 'kernelspecs' | 'sessions'
  >;
  readonly commands: CommandRegistry;
  readonly translator: ITranslator;
}

/**
 * The section of the running panel with all providers, their kernels, and the notebooks and
 * consoles of these.
 */
export class ProviderSessions implements IRunningSessions.IManager {
  constructor(options: IProviderSessionsOptions) {
    this._options = options;
    this._trans = options.translator.load(TRANSLATION_DOMAIN);
    this._statuses = translateKernelStatuses(options.translator);
    this.name = this._trans.__('Providers');
    const { providers, services } = options;
    const changed = new Throttler(
      () => {
        this.runningChanged.emit();
      },
      { limit: GROUPING, edge: 'trailing' }
    );
    const update = (): void => void changed.invoke();
    providers.changed.connect(update);
    services.kernels.runningChanged.connect(update);
    services.sessions.runningChanged.connect(update);
    services.kernelspecs.specsChanged.connect(update);
  }

  readonly name: string;
  readonly supportsMultipleViews = true;
  readonly runningChanged = new Signal<this, void>(this);

  /** Return providers with their kernels, or all kernels with their places. */
  running({ mode }: { mode: 'tree' | 'list' }): Item[] {
    const { providers, services } = this._options;
    if (mode === 'list') {
      const specs = services.kernelspecs.specs?.kernelspecs;
      return this._kernels.map(kernel =>
        this._kernelItem(kernel, specs?.[kernel.name]?.display_name)
      );
    }
    const labels = kernelLabels(
      services.kernelspecs.specs,
      providers.preferences.placement
    );
    const kernels = kernelsByProvider(providers, this._kernels);
    return providers.providers.map(provider =>
      this._providerItem(
        provider,
        (kernels.get(provider.id) ?? []).map(kernel =>
          this._kernelItem(kernel, labels.get(kernel.name)?.name)
        )
      )
    );
  }

  /** Return the label of the button that shuts down an item. */
  readonly shutdownLabel = ({ className, context }: Item): string =>
    className?.includes(PROVIDER_CLASS) === true
      ? this._options.commands.label(COMMAND_IDS.shutDownAll, {
          id: context ?? ''
        })
      : this._trans.__('Shut Down Kernel');

  readonly shutdownAllConfirmationText = (): string =>
    shutdownAllText(this._options.providers, this._kernels, this._trans);

  shutdownAll(): void {
    kernelsByProvider(this._options.providers, this._kernels).forEach(
      (kernels, id) => {
        this._shutDown(id, kernels);
      }
    );
  }

  refreshRunning(): void {
    const { providers, services } = this._options;
    void Promise.allSettled([
      providers.refresh(),
      services.kernels.refreshRunning(),
      services.sessions.refreshRunning()
    ]);
  }

  private get _kernels(): Kernel.IModel[] {
    return [...this._options.services.kernels.running()];
  }

  private _shutDown(id: string, selected: readonly Kernel.IModel[]): void {
    const { providers, services } = this._options;
    const label = providers.get(id)?.label ?? id;
    void shutDownKernels(services.kernels, selected, label, this._trans);
  }

  private _providerItem(provider: IProvider, children: Item[]): Item {
    const { commands } = this._options;
    const { id, label } = provider;
    const execute = (command: string): void => {
      void commands.execute(command, { id });
    };
    return {
      className: `kpe-RunningItem ${PROVIDER_CLASS}`,
      context: id,
      children,
      icon: () => stateIcon(provider.state),
      label: () => label,
      labelTitle: () => commands.caption(COMMAND_IDS.details, { id }),
      detail: () => briefStatus(provider, this._trans, new Date()),
      open: () => {
        execute(COMMAND_IDS.details);
      },
      ...(children.length > 0 && {
        shutdown: () => {
          execute(COMMAND_IDS.shutDownAll);
        }
      })
    };
  }

  private _kernelItem(kernel: Kernel.IModel, name = kernel.name): Item {
    const { providers, services } = this._options;
    const { sessions } = services;
    const { id } = kernel;
    const children = [...sessions.running()]
      .filter(session => session.kernel?.id === id)
      .map(session => this._sessionItem(session));
    return {
      // With JupyterLab's class, whose context menu finds the kernel by its id.
      className: 'kpe-RunningItem jp-mod-kernel',
      context: id,
      children,
      icon: () => kernelIcon,
      // Others can be told apart by their notebooks.
      label: () => (children.length > 0 ? name : `${name} (${id.slice(0, 8)})`),
      labelTitle: () => this._kernelTitle(kernel, name),
      detail: () => this._kernelState(kernel),
      shutdown: () => {
        this._shutDown(providers.idOf(kernel.name), [kernel]);
      }
    };
  }

  /** Return what a kernel does; empty if that is not known. */
  private _kernelState({ execution_state, name }: Kernel.IModel): string {
    const { providers } = this._options;
    const provider = providers.get(providers.idOf(name));
    return provider !== undefined && isAvailable(provider)
      ? (this._statuses[execution_state ?? ''] ?? '')
      : '';
  }

  /** Return the name and the id of a kernel, and when it last did something. */
  private _kernelTitle(
    { id, last_activity }: Kernel.IModel,
    name: string
  ): string {
    const active =
      last_activity === undefined
        ? ''
        : this._trans.__(
            'Last active: %1',
            age(new Date(last_activity), this._trans, new Date())
          );
    return [name, id, active].filter(Boolean).join('\n');
  }

  private _sessionItem({ name, path, type }: Session.IModel): Item {
    return {
      className: 'jp-mod-kernel-widget',
      icon: () => iconOf(type),
      label: () => name,
      labelTitle: () => path,
      open: () => {
        void this._options.commands.execute(OPEN, { name, path, type });
      }
    };
  }

  private readonly _options: IProviderSessionsOptions;
  private readonly _trans: TranslationBundle;
  /** JupyterLab's words for what kernels do. */
  private readonly _statuses: Readonly<Record<string, string | undefined>>;
}

/** The class of a provider's item, whose `data-context` is the provider's id. */
export const PROVIDER_CLASS = 'kpe-mod-provider';

/** Return the icon of a kind of session. */
function iconOf(type: string): LabIcon {
  switch (type) {
    case 'notebook':
      return notebookIcon;
    case 'console':
      return consoleIcon;
    default:
      return fileIcon;
  }
}
