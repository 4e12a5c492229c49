import { showErrorMessage } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { Launcher } from '@jupyterlab/launcher';
import type { ILauncher } from '@jupyterlab/launcher';
import type { Kernel, KernelSpec } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { kernelLabels } from '../naming';
import { countKernels, DEFAULT_PREFERENCES } from '../providers';
import { LOCAL_ID, TRANSLATION_DOMAIN } from '../tokens';
import type { IKernelProviders } from '../tokens';
import { LauncherBody } from './body';
import type { ILauncherContents } from './body';
import type { ILauncherHost } from './card';
import { kernelNameOf } from './cards';
import type { LauncherItem } from './cards';
import type { CollapsedSections } from './collapsed';
import {
  addingOf,
  hasStars,
  isMixed,
  isSearchable,
  sectionsOf
} from './layout';
import type { ICategories, LauncherProviders } from './layout';

/** The options of a launcher, in addition to those of the stock launcher. */
export interface IProvidersLauncherOptions extends ILauncher.IOptions {
  /** Null if the providers plugin is disabled; the launcher then looks like the stock one. */
  readonly providers: IKernelProviders | null;
  readonly kernelspecs: KernelSpec.IManager;
  readonly kernels: Kernel.IManager;
  readonly collapsed: CollapsedSections;
}

/** Stands for the providers if their plugin is disabled. */
const NO_PROVIDERS: LauncherProviders = {
  providers: [],
  problems: [],
  preferences: DEFAULT_PREFERENCES,
  recent: [],
  mayAdd: false,
  get: () => undefined,
  idOf: () => LOCAL_ID
};

/** A launcher with a section for each kernel provider. */
export class ProvidersLauncher extends Launcher implements ILauncherHost {
  constructor(options: IProvidersLauncherOptions) {
    super(options);
    this.addClass('kpe-Launcher');
    const translator = options.translator ?? nullTranslator;
    this.commands = options.commands;
    this.trans = translator.load(TRANSLATION_DOMAIN);
    this._labTrans = translator.load('jupyterlab');
    this._categories = {
      notebook: this._labTrans.__('Notebook'),
      console: this._labTrans.__('Console'),
      other: this._labTrans.__('Other')
    };
    this._options = options;
    const { providers, kernels, collapsed } = options;
    const update = (): void => {
      this.update();
    };
    providers?.changed.connect(update, this);
    kernels.runningChanged.connect(update, this);
    collapsed.changed.connect(update, this);
  }

  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;

  launch(item: LauncherItem): void {
    // The command may take long, and the user may click again in the meantime.
    if (!this.pending) {
      void this._launch(item);
    }
  }

  star(kernelName: string, isStarred: boolean): void {
    this._options.providers
      ?.star(kernelName, isStarred)
      .catch((reason: unknown) => {
        console.warn('Could not save the starred kernels.', reason);
      });
  }

  dismissHint(): void {
    this._options.providers?.dismissHint().catch((reason: unknown) => {
      console.warn('Could not save that the hint was dismissed.', reason);
    });
  }

  /** Return the item that starts a notebook or console of a kernel; undefined if none does. */
  itemOf(
    kernelName: string,
    kind: 'notebook' | 'console'
  ): LauncherItem | undefined {
    const category = this._categories[kind];
    for (const item of this.model.items()) {
      if (item.category === category && kernelNameOf(item) === kernelName) {
        return item;
      }
    }
    return undefined;
  }

  protected override render(): React.JSX.Element {
    return (
      <LauncherBody
        host={this}
        contents={this._arrange()}
        collapsed={this._options.collapsed}
      />
    );
  }

  private async _launch({ command, args }: LauncherItem): Promise<void> {
    this.pending = true;
    try {
      const result: unknown = await this.commands.execute(command, {
        ...args,
        cwd: this.cwd
      });
      this.pending = false;
      if (result instanceof Widget) {
        this._options.callback(result);
      }
    } catch (error) {
      this.pending = false;
      console.error(error);
      await showErrorMessage(
        this._labTrans._p('Error', 'Launcher Error'),
        error instanceof Error ? error : String(error)
      );
    }
  }

  private _arrange(): ILauncherContents {
    const { kernels, kernelspecs } = this._options;
    const providers = this._options.providers ?? NO_PROVIDERS;
    const { specs } = kernelspecs;
    const categories = this._categories;
    const labels = kernelLabels(specs, providers.preferences.placement);
    const items = [...this.model.items()];
    const { starred } = providers.preferences;
    const sections = sectionsOf({
      items,
      providers,
      categories,
      describe: ({ command, args }) => {
        const all = { ...args, cwd: this.cwd };
        return {
          label: this.commands.label(command, all),
          caption: this.commands.caption(command, all)
        };
      },
      spec: name => specs?.kernelspecs[name],
      kernelLabel: name => labels.get(name),
      providerLabel: name => providers.get(providers.idOf(name))?.label ?? ''
    });
    return {
      sections,
      isSearchable:
        isSearchable(sections, providers) ||
        (providers.providers.length === 0 && isMixedSoon()),
      isMixed: isMixed(providers),
      starred: hasStars({ items, providers, categories })
        ? new Set(starred)
        : null,
      categories,
      providers: providers.providers,
      problems: providers.problems,
      counts: countKernels(providers, specs, kernels.running()),
      hasBadges: providers.preferences.badge,
      adding: addingOf(providers)
    };
  }

  private readonly _labTrans: TranslationBundle;
  private readonly _categories: ICategories;
  private readonly _options: IProvidersLauncherOptions;
}

/**
 * Whether the server has told the page that there are other providers, before it tells which:
 * nothing moves then when they arrive.
 */
function isMixedSoon(): boolean {
  return PageConfig.getOption('hasKernelProviders') === 'true';
}
