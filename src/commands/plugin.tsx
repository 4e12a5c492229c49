import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  Dialog,
  ICommandPalette,
  showDialog,
  showErrorMessage
} from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import * as React from 'react';

import { BodyDialog, ProblemList } from '../components';
import { countKernels, keepPerProvider, shutDownKernels } from '../providers';
import { NO_KERNELS } from '../state';
import type { IKernelCounts } from '../state';
import { problemsText } from '../text';
import {
  COMMAND_IDS,
  IKernelProviders,
  LOCAL_ID,
  PLUGIN_IDS,
  PROBLEMS_COMMAND_ID,
  TRANSLATION_DOMAIN
} from '../tokens';
import type { IProvider } from '../tokens';
import { LiveDetails } from './details';

/** JupyterLab's command that opens a file. */
const OPEN = 'docmanager:open';

/** Adds commands about kernel providers. */
export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_IDS.commands,
  description: 'Adds commands about kernel providers.',
  autoStart: true,
  requires: [IKernelProviders],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    providers: IKernelProviders,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const describedBy = {
      args: {
        type: 'object',
        properties: {
          id: {
            type: 'string',
            description: trans.__('The id of the kernel provider')
          },
          isPalette: {
            type: 'boolean',
            description: trans.__('Whether the label names the provider')
          }
        },
        required: ['id']
      }
    };
    const context = { app, providers, trans, describedBy };
    addRetry(context);
    addDetails(context);
    addShutDownAll(context);
    addProblems(context);
    if (palette !== null) {
      fillPalette(palette, providers, trans);
    }
  }
};

interface IContext {
  readonly app: JupyterFrontEnd;
  readonly providers: IKernelProviders;
  readonly trans: TranslationBundle;
  readonly describedBy: CommandRegistry.ICommandOptions['describedBy'];
}

function addRetry({ app, providers, trans, describedBy }: IContext): void {
  app.commands.addCommand(COMMAND_IDS.retry, {
    label: args =>
      args['isPalette'] === true
        ? trans.__('Retry %1', labelOf(providers, args))
        : trans.__('Retry'),
    caption: args => trans.__('Retry %1 now', labelOf(providers, args)),
    icon: refreshIcon,
    describedBy,
    isEnabled: args => canRetry(providers.get(idIn(args))),
    execute: async args => {
      try {
        await providers.retry(idIn(args));
      } catch (error) {
        await showErrorMessage(
          trans.__('Could not reach this Jupyter server'),
          error instanceof Error ? error : String(error)
        );
      }
    }
  });
}

function addDetails({ app, providers, trans, describedBy }: IContext): void {
  const { kernels, kernelspecs } = app.serviceManager;
  app.commands.addCommand(COMMAND_IDS.details, {
    label: args =>
      args['isPalette'] === true
        ? trans.__('Details of %1', labelOf(providers, args))
        : trans.__('Details'),
    caption: args => trans.__('Show details of %1', labelOf(providers, args)),
    describedBy,
    isEnabled: args => providers.get(idIn(args)) !== undefined,
    execute: async args => {
      const provider = providers.get(idIn(args));
      if (provider === undefined) {
        return;
      }
      const counts = (): IKernelCounts =>
        countKernels(providers, kernelspecs.specs, kernels.running()).get(
          provider.id
        ) ?? NO_KERNELS;
      const dialog = new BodyDialog({
        title: provider.label,
        body: (
          <LiveDetails
            provider={provider}
            providers={providers}
            counts={counts}
            trans={trans}
            canRetry={canRetry}
            onRetry={() => app.commands.execute(COMMAND_IDS.retry, args)}
            onEdit={
              app.commands.hasCommand(COMMAND_IDS.edit) &&
              app.commands.isEnabled(COMMAND_IDS.edit, args)
                ? () => {
                    dialog.reject();
                    void app.commands.execute(COMMAND_IDS.edit, args);
                  }
                : null
            }
            onOpen={path => {
              dialog.reject();
              void app.commands.execute(OPEN, { path, factory: 'Editor' });
            }}
          />
        ),
        buttons: [Dialog.okButton({ label: trans.__('Close') })]
      });
      await dialog.launch();
    }
  });
}

function addShutDownAll(context: IContext): void {
  const { app, providers, trans, describedBy } = context;
  const { kernels } = app.serviceManager;
  const running = (args: ReadonlyPartialJSONObject): Kernel.IModel[] =>
    [...kernels.running()].filter(
      ({ name }) => providers.idOf(name) === idIn(args)
    );
  app.commands.addCommand(COMMAND_IDS.shutDownAll, {
    label: args =>
      trans._n(
        'Shut Down %1 Kernel on %2',
        'Shut Down %1 Kernels on %2',
        running(args).length,
        labelOf(providers, args)
      ),
    describedBy,
    isEnabled: args => running(args).length > 0,
    isVisible: args => running(args).length > 0,
    execute: async args => {
      const selected = running(args);
      const isSure =
        !providers.preferences.confirmShutdown ||
        (await confirmShutDown(
          selected.length,
          labelOf(providers, args),
          trans
        ));
      if (isSure) {
        await shutDownKernels(
          kernels,
          selected,
          labelOf(providers, args),
          trans
        );
      }
    }
  });
}

function addProblems({ app, providers, trans }: IContext): void {
  app.commands.addCommand(PROBLEMS_COMMAND_ID, {
    label: trans.__('Provider Files That Were Left Out'),
    describedBy: { args: { type: 'object', properties: {} } },
    isVisible: () => providers.problems.length > 0,
    execute: async () => {
      const { problems } = providers;
      const dialog = new BodyDialog({
        title: problemsText(problems.length, trans),
        body: (
          <ProblemList
            problems={problems}
            commands={app.commands}
            onAct={() => {
              dialog.reject();
            }}
          />
        ),
        buttons: [Dialog.okButton({ label: trans.__('Close') })]
      });
      await dialog.launch();
    }
  });
}

async function confirmShutDown(
  count: number,
  label: string,
  trans: TranslationBundle
): Promise<boolean> {
  const { button } = await showDialog({
    title: trans._n('Shut Down Kernel?', 'Shut Down Kernels?', count),
    body: trans._n(
      'Shut down %1 kernel on %2? Its variables will be lost.',
      'Shut down %1 kernels on %2? Their variables will be lost.',
      count,
      label
    ),
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: trans.__('Shut Down') })
    ]
  });
  return button.accept;
}

/** Keep the commands about each provider in the palette. */
function fillPalette(
  palette: ICommandPalette,
  providers: IKernelProviders,
  trans: TranslationBundle
): void {
  const category = trans.__('Kernel Providers');
  palette.addItem({ command: PROBLEMS_COMMAND_ID, category });
  keepPerProvider(providers, id =>
    Object.values(COMMAND_IDS).map(command =>
      palette.addItem({ command, category, args: { id, isPalette: true } })
    )
  );
}

/** Whether the server can retry a provider. */
function canRetry(provider: IProvider | undefined): boolean {
  return (
    provider !== undefined &&
    provider.id !== LOCAL_ID &&
    provider.state !== 'off'
  );
}

function idIn(args: ReadonlyPartialJSONObject): string {
  const id = args['id'];
  return typeof id === 'string' ? id : '';
}

function labelOf(
  providers: IKernelProviders,
  args: ReadonlyPartialJSONObject
): string {
  return providers.get(idIn(args))?.label ?? idIn(args);
}
