import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IFormRendererRegistry, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import { IKernelProviders, PLUGIN_IDS, TRANSLATION_DOMAIN } from '../tokens';
import { OrderField } from './order';
import { PlacementField } from './placement';
import { StarredField } from './starred';
import type { IFormFieldProps, ISettingsFieldProps } from './props';

/** Adds fields to the Settings Editor for settings that its form cannot edit well. */
export const settingsFormPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_IDS.settingsForm,
  description: 'Adds fields for the settings of kernel providers.',
  autoStart: true,
  requires: [IKernelProviders, IFormRendererRegistry],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    providers: IKernelProviders,
    registry: IFormRendererRegistry,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const specs = app.serviceManager.kernelspecs;
    const add = <T,>(
      setting: string,
      Field: React.ComponentType<ISettingsFieldProps<T>>
    ): void => {
      registry.addRenderer(`${PLUGIN_IDS.providers}.${setting}`, {
        fieldRenderer: (props: IFormFieldProps<T>) => (
          <UseSignal signal={providers.changed}>
            {() => (
              <Field
                {...props}
                providers={providers}
                specs={specs}
                trans={trans}
                commands={app.commands}
              />
            )}
          </UseSignal>
        )
      });
    };
    add('placement', PlacementField);
    add('order', OrderField);
    add('starred', StarredField);
  }
};
