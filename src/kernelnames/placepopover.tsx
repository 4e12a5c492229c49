import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { UUID } from '@lumino/coreutils';
import * as React from 'react';

import { Countdown, RetryButton, StateIcon } from '../components';
import { isWell } from '../state';
import type { IKernelCounts } from '../state';
import { stateWord, statusText } from '../text';
import { COMMAND_IDS } from '../tokens';
import type { IKernelProviders, IProvider } from '../tokens';

/** Pixels between the popover and the edge of the window. */
const MARGIN = 8;

export interface IPlacePopoverOptions {
  readonly providers: IKernelProviders;
  /** Returns the provider that it is about; null if there is none. */
  readonly provider: () => IProvider | null;
  /** Returns how many kernels a provider has. */
  readonly countsOf: (provider: IProvider) => IKernelCounts;
  /** The element below which it opens. */
  readonly anchor: HTMLElement;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
  /** Lets the user choose another kernel. */
  readonly onChange: () => void;
}

/**
 * What there is to say and to do about the place of a kernel. A button with
 * `popovertarget` opens it; Escape and a click elsewhere close it.
 */
export class PlacePopover extends ReactWidget {
  constructor(options: IPlacePopoverOptions) {
    super();
    this._options = options;
    this.id = `kpe-place-${UUID.uuid4()}`;
    this.addClass('kpe-PlacePopover');
    this.addClass('jp-ThemedContainer');
    this.node.setAttribute('popover', 'auto');
    this.node.setAttribute('role', 'dialog');
    // Not before it, so that the browser can first return the focus.
    this.node.addEventListener('toggle', event => {
      this._isOpen = (event as ToggleEvent).newState === 'open';
      this.update();
    });
    options.providers.changed.connect(() => {
      this.update();
    }, this);
  }

  protected override render(): React.JSX.Element | null {
    const { commands, countsOf, onChange, trans } = this._options;
    const provider = this._options.provider();
    if (!this._isOpen || provider === null) {
      return null;
    }
    this.node.setAttribute('aria-label', provider.label);
    const args = { id: provider.id };
    const execute = (command: string): Promise<unknown> =>
      commands.execute(command, args);
    const { details, retry } = COMMAND_IDS;
    const canRetry = !isWell(provider) && commands.isEnabled(retry, args);
    return (
      <Content
        provider={provider}
        counts={countsOf(provider)}
        trans={trans}
        onRetry={canRetry ? () => execute(retry) : null}
        onChange={this._then(onChange)}
        onDetails={
          commands.hasCommand(details)
            ? this._then(() => void execute(details))
            : null
        }
        onShown={this._onShown}
      />
    );
  }

  /** Return a function that closes the popover and then does something. */
  private _then(action: () => void): () => void {
    return () => {
      this.node.hidePopover();
      action();
    };
  }

  /** Move it below the anchor and into the window, and give it the focus. */
  private readonly _onShown = (): void => {
    const { left, bottom } = this._options.anchor.getBoundingClientRect();
    const { offsetWidth, style } = this.node;
    const last = window.innerWidth - offsetWidth - MARGIN;
    style.left = `${String(Math.max(MARGIN, Math.min(left, last)))}px`;
    style.top = `${String(bottom)}px`;
    this.node.querySelector('button')?.focus();
  };

  private readonly _options: IPlacePopoverOptions;
  private _isOpen = false;
}

interface IContentProps {
  readonly provider: IProvider;
  readonly counts: IKernelCounts;
  readonly trans: TranslationBundle;
  /** Null if there is nothing to retry. */
  readonly onRetry: (() => Promise<unknown>) | null;
  readonly onChange: () => void;
  /** Null if there are no details. */
  readonly onDetails: (() => void) | null;
  /** Called once, when the content is in the page. */
  readonly onShown: () => void;
}

function Content(props: IContentProps): React.JSX.Element {
  const { provider, trans, onRetry, onDetails, onShown } = props;
  React.useEffect(onShown, [onShown]);
  // The next attempt is counted down outside of the live region.
  const lasting = { ...provider, retryAt: null };
  return (
    <>
      <p className="kpe-PlacePopover-state">
        <StateIcon state={provider.state} />
        <strong>{provider.label}</strong>
        <span>{stateWord(provider.state, trans)}</span>
      </p>
      <p>
        <span role="status">
          {statusText(lasting, props.counts, trans, new Date())}
        </span>{' '}
        <Countdown provider={provider} trans={trans} />
      </p>
      <div className="kpe-Buttons">
        {onRetry !== null && <RetryButton trans={trans} onRetry={onRetry} />}
        <Button small onClick={props.onChange}>
          {trans.__('Change kernel…')}
        </Button>
        {onDetails !== null && (
          <Button small onClick={onDetails}>
            {trans.__('Details')}
          </Button>
        )}
      </div>
    </>
  );
}
