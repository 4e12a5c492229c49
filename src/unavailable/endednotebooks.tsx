import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { notebookIcon, ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { BodyDialog } from '../components';
import type { IEndedNotebook } from './endednotices';

/** Show the notebook whose kernel ended; if there are several, let the user choose one. */
export async function showNotebooks(
  title: string,
  notebooks: readonly IEndedNotebook[],
  trans: TranslationBundle
): Promise<void> {
  const [first, ...others] = notebooks;
  if (others.length === 0) {
    first?.activate();
    return;
  }
  const dialog = new BodyDialog({
    title,
    body: ReactWidget.create(
      <ul className="kpe-EndedNotebooks">
        {notebooks.map((notebook, index) => (
          <li key={index}>
            <button
              type="button"
              className="kpe-EndedNotebooks-notebook"
              onClick={() => {
                dialog.reject();
                notebook.activate();
              }}
            >
              <notebookIcon.react tag="span" width="16px" height="16px" />
              {notebook.name}
            </button>
          </li>
        ))}
      </ul>
    ),
    buttons: [Dialog.cancelButton({ label: trans.__('Close') })]
  });
  await dialog.launch();
}
