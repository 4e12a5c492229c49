import { showErrorMessage } from '@jupyterlab/apputils';
import { Launcher } from '@jupyterlab/launcher';
import type { ILauncher } from '@jupyterlab/launcher';
import type { Kernel, KernelSpec } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import type { CollapsedSections } from './collapsed';
import { countKernels } from '../providers/counts';
import { LauncherBody } from './body';
import type { ILauncherContents } from './body';
import type { ILauncherHost } from './card';
import { kernelNameOf } from './cards';
import type { LauncherItem } from './cards';
import { isSearchable, sectionsOf } from './layout';
import type { ICategories, Places } from './layout';
import { DEFAULT_PREFERENCES } from '../providers/model';
import { LOCAL_ID, TRANSLATION_DOMAIN } from '../tokens';
import type { IKernelProviders } from '../tokens';

/** What a launcher with providers is made of, besides what the stock one is. */
export interface IProvidersLauncherOptions extends ILauncher.IOptions {
  /** Null where nobody provides them; the launcher then looks as the stock one. */
  readonly providers: IKernelProviders | null;
  readonly kernelspecs: KernelSpec.IManager;
  readonly kernels: Kernel.IManager;
  readonly collapsed: CollapsedSections;
}

/** What is known of providers where nobody provides them. */
const NO_PLACES: Places = {
  providers: [],
  problems: [],
  preferences: DEFAULT_PREFERENCES,
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
    // The item may take its time, and be clicked again meanwhile.
    if (!this.pending) {
      void this._launch(item);
    }
  }

  /** What starts a notebook or a console of a kernel; undefined if nothing does. */
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
    const { providers, kernels, kernelspecs } = this._options;
    const places = providers ?? NO_PLACES;
    const { specs } = kernelspecs;
    const categories = this._categories;
    const sections = sectionsOf({
      items: this.model.items(),
      places,
      categories,
      describe: ({ command, args }) => {
        const all = { ...args, cwd: this.cwd };
        return {
          label: this.commands.label(command, all),
          caption: this.commands.caption(command, all)
        };
      },
      spec: name => specs?.kernelspecs[name],
      providerLabel: name => places.get(places.idOf(name))?.label ?? ''
    });
    return {
      sections,
      isSearchable: isSearchable(sections, places),
      categories,
      providers: places.providers,
      problems: places.problems,
      counts: countKernels(places, specs, kernels.running()),
      hasBadges: places.preferences.badge
    };
  }

  private readonly _labTrans: TranslationBundle;
  private readonly _categories: ICategories;
  private readonly _options: IProvidersLauncherOptions;
}
