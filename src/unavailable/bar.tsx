import { showErrorMessage } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Throttler } from '@lumino/polling';
import * as React from 'react';

import { BusyButton } from '../components/busybutton';
import { Countdown } from '../components/countdown';
import { Elapsed } from '../components/elapsed';
import type { KernelGuard } from './guard';
import { iconOf, troubleSentence } from './reason';
import type { Trouble } from './reason';
import { StateIcon } from '../components/stateicon';
import { COMMAND_IDS } from '../tokens';

/** Milliseconds that a trouble lasts before it is shown, and is over before it is not. */
const SETTLE = 1000;

/** What a bar needs. */
export interface IMissingBarOptions {
  readonly guard: KernelGuard;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
  /** The display name of a kernel. */
  readonly nameOf: (kernelName: string) => string;
  /** Called when a bar that had the focus has nothing more to say. */
  readonly onGone: () => void;
}

/** A bar over a notebook that says why its kernel cannot be used, and what can be done. */
export class MissingBar extends ReactWidget {
  constructor(options: IMissingBarOptions) {
    super();
    this._options = options;
    this.addClass('kpe-MissingBar');
    this._settled = new Throttler(
      () => {
        this._show(options.guard.trouble);
      },
      { limit: SETTLE, edge: 'trailing' }
    );
    options.guard.changed.connect(this._onChanged, this);
    this._onChanged();
  }

  override dispose(): void {
    this._settled.dispose();
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    const { guard, commands, trans, nameOf } = this._options;
    const trouble = this._trouble;
    const now = new Date();
    const { similar } = guard;
    const retry = { id: trouble === null ? '' : retryId(trouble) };
    return (
      <Bar
        trouble={trouble}
        text={
          trouble === null
            ? ''
            : troubleSentence(trouble, guard.hasKernel, trans, now)
        }
        similar={similar === null ? '' : nameOf(similar)}
        trans={trans}
        onRetry={
          commands.isEnabled(COMMAND_IDS.retry, retry)
            ? () => commands.execute(COMMAND_IDS.retry, retry)
            : null
        }
        onCancel={this._cancel}
        onSimilar={() => void guard.choose(similar ?? undefined)}
        onChoose={() => void guard.choose()}
        onResize={this._fit}
      />
    );
  }

  private readonly _onChanged = (): void => {
    const isThere = this._options.guard.trouble !== null;
    if (isThere !== this._wasThere) {
      this._wasThere = isThere;
      void this._settled.stop();
    }
    // What else changes meanwhile does not put it off.
    void this._settled.invoke();
  };

  private _show(trouble: Trouble | null): void {
    const { trans, onGone } = this._options;
    if (trouble === null) {
      this.node.removeAttribute('role');
      this.node.removeAttribute('aria-label');
      if (this.node.contains(document.activeElement)) {
        onGone();
      }
    } else {
      this.node.setAttribute('role', 'region');
      this.node.setAttribute('aria-label', trans.__('Kernel of this notebook'));
    }
    this._trouble = trouble;
    this.update();
  }

  private readonly _cancel = (): Promise<void> => {
    const { guard, trans } = this._options;
    return guard
      .cancel()
      .catch((error: unknown) =>
        showErrorMessage(
          trans.__('The start could not be cancelled'),
          error instanceof Error ? error : String(error)
        )
      );
  };

  /** Be as high as the content, which lumino's layouts do not see. */
  private readonly _fit = (height: number): void => {
    this.node.style.minHeight = `${String(height)}px`;
    this.parent?.fit();
  };

  private readonly _options: IMissingBarOptions;
  private readonly _settled: Throttler;
  private _trouble: Trouble | null = null;
  /** Whether there was a trouble when the guard last told of a change. */
  private _wasThere = false;
}

interface IProps {
  readonly trouble: Trouble | null;
  readonly text: string;
  /** The display name of a kernel that could do instead; empty if there is none. */
  readonly similar: string;
  readonly trans: TranslationBundle;
  /** Null where the provider cannot be asked. */
  readonly onRetry: (() => Promise<unknown>) | null;
  readonly onCancel: () => Promise<void>;
  readonly onSimilar: () => void;
  readonly onChoose: () => void;
  readonly onResize: (height: number) => void;
}

function Bar(props: IProps): React.JSX.Element {
  const { trouble, text, trans } = props;
  // The live region is there before its text, or the text would not be read out.
  return (
    <div ref={useHeight(props.onResize)} className="kpe-MissingBar-content">
      {trouble !== null && <StateIcon state={iconOf(trouble)} />}
      <p className="kpe-MissingBar-text">
        {/* What changes each second is not read out. */}
        <span role="status">{text}</span>{' '}
        {trouble?.kind === 'unwell' && (
          <Countdown provider={trouble.provider} trans={trans} />
        )}
        {trouble?.kind === 'starting' && (
          <Elapsed since={trouble.since} trans={trans} />
        )}
      </p>
      {trouble !== null && <Buttons {...props} />}
    </div>
  );
}

function Buttons(props: IProps): React.JSX.Element {
  const { trouble, similar, trans, onRetry, onSimilar, onChoose } = props;
  return (
    <div className="kpe-MissingBar-buttons">
      {onRetry !== null && (
        <BusyButton
          label={trans.__('Retry')}
          busyLabel={trans.__('Asking…')}
          onPress={onRetry}
        />
      )}
      {trouble?.kind === 'starting' && (
        <BusyButton
          label={trans.__('Cancel')}
          busyLabel={trans.__('Cancelling…')}
          onPress={props.onCancel}
        />
      )}
      {similar !== '' && (
        <Button
          small
          title={trans.__('Choose a kernel; %1 is proposed', similar)}
          onClick={onSimilar}
        >
          {trans.__('Use a similar kernel here…')}
        </Button>
      )}
      <Button small onClick={onChoose}>
        {trans.__('Choose another…')}
      </Button>
    </div>
  );
}

/** The id of the provider that may be better when it is asked again; empty if there is none. */
function retryId(trouble: Trouble): string {
  return trouble.kind === 'unwell' || trouble.kind === 'gone'
    ? trouble.provider.id
    : '';
}

/** Tell the height of an element, now and whenever it changes. */
function useHeight(
  tell: (height: number) => void
): React.RefObject<HTMLDivElement> {
  const ref = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const element = ref.current;
    if (element === null) {
      return undefined;
    }
    const observer = new ResizeObserver(() => {
      tell(element.offsetHeight);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, [tell]);
  return ref;
}
