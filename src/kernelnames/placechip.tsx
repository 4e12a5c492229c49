import type { ISessionContext } from '@jupyterlab/apputils';
import type { KernelSpec } from '@jupyterlab/services';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { StateIcon } from '../components';
import { stateWord } from '../text';
import type { IProvider } from '../tokens';
import { currentProvider } from './current';
import { PlacePopover } from './placepopover';
import type { IPlacePopoverOptions } from './placepopover';

export interface IPlaceChipOptions extends Omit<
  IPlacePopoverOptions,
  'provider' | 'anchor'
> {
  readonly sessionContext: ISessionContext;
  readonly specs: KernelSpec.IManager;
}

/**
 * The toolbar button with the place of a remote kernel and its state, which opens a popover
 * about it. It is hidden for local kernels.
 */
export class PlaceChip extends ReactWidget {
  constructor(options: IPlaceChipOptions) {
    super();
    this._options = options;
    this.addClass('kpe-PlaceChip');
    this._popover = new PlacePopover({
      ...options,
      provider: () => this._provider,
      anchor: this.node
    });
    const { sessionContext, providers, specs } = options;
    const redraw = (): void => {
      this.setHidden(this._provider === null);
      this.update();
    };
    sessionContext.kernelChanged.connect(redraw, this);
    providers.changed.connect(redraw, this);
    specs.specsChanged.connect(redraw, this);
    redraw();
  }

  override dispose(): void {
    this._popover.dispose();
    super.dispose();
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    if (!this._popover.isAttached) {
      Widget.attach(this._popover, document.body);
    }
  }

  protected override render(): React.JSX.Element | null {
    const provider = this._provider;
    const { trans } = this._options;
    return (
      provider && (
        <button
          type="button"
          // The browser opens and closes it, and returns the focus.
          {...{ popovertarget: this._popover.id }}
          title={trans.__(
            'This kernel runs on %1: %2',
            provider.label,
            stateWord(provider.state, trans)
          )}
        >
          <StateIcon state={provider.state} />
          <span className="kpe-PlaceChip-label">{provider.label}</span>
        </button>
      )
    );
  }

  private get _provider(): IProvider | null {
    const { sessionContext, providers, specs } = this._options;
    return currentProvider(sessionContext, specs.specs, providers);
  }

  private readonly _options: IPlaceChipOptions;
  private readonly _popover: PlacePopover;
}
