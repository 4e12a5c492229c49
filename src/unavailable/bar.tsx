import { showErrorMessage } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Throttler } from '@lumino/polling';
import * as React from 'react';

import {
  BusyButton,
  Countdown,
  Elapsed,
  RetryButton,
  StateIcon
} from '../components';
import { COMMAND_IDS } from '../tokens';
import type { KernelGuard } from './guard';
import { iconOf, startIn, unavailabilityText } from './reason';
import type { Start, Unavailability } from './reason';

/** Milliseconds that a change lasts before the bar shows it, so that the bar is steady. */
const SETTLE = 1000;

export interface IUnavailableBarOptions {
  readonly guard: KernelGuard;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
  /** Returns the display name of a kernel. */
  readonly nameOf: (kernelName: string) => string;
  /** Called when the bar is emptied while it has the focus. */
  readonly onGone: () => void;
}

/**
 * A bar above a notebook or console that says why its kernel cannot be used, and offers
 * remedies.
 */
export class UnavailableBar extends ReactWidget {
  constructor(options: IUnavailableBarOptions) {
    super();
    this._options = options;
    this.addClass('kpe-UnavailableBar');
    this._settled = new Throttler(
      () => {
        this._show(options.guard.unavailability);
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
    const { guard, trans, nameOf } = this._options;
    const unavailability = this._unavailability;
    const now = new Date();
    const { similar } = guard;
    return (
      <Bar
        unavailability={unavailability}
        text={
          unavailability === null
            ? ''
            : unavailabilityText(unavailability, guard, trans, now)
        }
        similar={similar === null ? '' : nameOf(similar)}
        trans={trans}
        onRetry={this._retryOf(unavailability)}
        onCancel={this._cancel}
        onStart={() => guard.startAgain()}
        onSimilar={() => void guard.choose(similar ?? undefined)}
        onChoose={() => void guard.choose()}
        onResize={this._fit}
      />
    );
  }

  private readonly _onChanged = (): void => {
    const isThere = this._options.guard.unavailability !== null;
    if (isThere !== this._wasThere) {
      this._wasThere = isThere;
      void this._settled.stop();
    }
    // Other changes in the meantime do not delay it.
    void this._settled.invoke();
  };

  private _show(unavailability: Unavailability | null): void {
    const { trans, onGone } = this._options;
    if (unavailability === null) {
      this.node.removeAttribute('role');
      this.node.removeAttribute('aria-label');
      if (this.node.contains(document.activeElement)) {
        onGone();
      }
    } else {
      this.node.setAttribute('role', 'region');
      this.node.setAttribute('aria-label', trans.__('State of the kernel'));
    }
    this._unavailability = unavailability;
    this.update();
  }

  /** Return what the button Retry does; null if there is nothing to retry. */
  private _retryOf(
    unavailability: Unavailability | null
  ): (() => Promise<unknown>) | null {
    const { guard, commands } = this._options;
    if (unavailability?.kind === 'blocked' && guard.hasKernel) {
      return () => guard.reconnect();
    }
    const args = { id: unavailability === null ? '' : retryId(unavailability) };
    return commands.isEnabled(COMMAND_IDS.retry, args)
      ? () => commands.execute(COMMAND_IDS.retry, args)
      : null;
  }

  private readonly _cancel = (start: Start): Promise<void> => {
    const { guard, trans } = this._options;
    return guard
      .cancel(start)
      .catch((error: unknown) =>
        showErrorMessage(
          trans.__('Could not cancel the start'),
          error instanceof Error ? error : String(error)
        )
      );
  };

  /** Take the height of the content, which lumino's layouts do not measure. */
  private readonly _fit = (height: number): void => {
    this.node.style.minHeight = `${String(height)}px`;
    this.parent?.fit();
  };

  private readonly _options: IUnavailableBarOptions;
  private readonly _settled: Throttler;
  private _unavailability: Unavailability | null = null;
  /** Whether the kernel was unavailable at the guard's last change. */
  private _wasThere = false;
}

interface IProps {
  readonly unavailability: Unavailability | null;
  readonly text: string;
  /** The display name of a similar kernel of this server; empty if there is none. */
  readonly similar: string;
  readonly trans: TranslationBundle;
  /** Null if there is nothing to retry. */
  readonly onRetry: (() => Promise<unknown>) | null;
  readonly onCancel: (start: Start) => Promise<void>;
  readonly onStart: () => Promise<void>;
  readonly onSimilar: () => void;
  readonly onChoose: () => void;
  readonly onResize: (height: number) => void;
}

function Bar(props: IProps): React.JSX.Element {
  const { unavailability, text, trans } = props;
  const start = startIn(unavailability);
  // The live region exists before its text, or screen readers would not read the text.
  return (
    <div ref={useHeight(props.onResize)} className="kpe-UnavailableBar-content">
      {unavailability !== null && <StateIcon state={iconOf(unavailability)} />}
      <p className="kpe-UnavailableBar-text">
        {/* Outside of it is what changes each second. */}
        <span role="status">{text}</span>{' '}
        {unavailability?.kind === 'unavailable' && (
          <Countdown provider={unavailability.provider} trans={trans} />
        )}
        {start !== null && <Elapsed since={start.since} trans={trans} />}
      </p>
      {unavailability !== null && <Buttons {...props} />}
    </div>
  );
}

function Buttons(props: IProps): React.JSX.Element {
  const { unavailability, similar, trans, onRetry, onSimilar, onChoose } =
    props;
  const start = startIn(unavailability);
  return (
    <div className="kpe-Buttons">
      {onRetry !== null && <RetryButton trans={trans} onRetry={onRetry} />}
      {start !== null && (
        <BusyButton
          label={trans.__('Cancel')}
          busyLabel={trans.__('Cancelling…')}
          onPress={() => props.onCancel(start)}
        />
      )}
      {unavailability?.kind === 'ended' && (
        <BusyButton
          label={trans.__('Start again')}
          busyLabel={trans.__('Starting…')}
          onPress={props.onStart}
        />
      )}
      {similar !== '' && (
        <Button
          small
          title={trans.__('Open the kernel picker with %1 selected', similar)}
          onClick={onSimilar}
        >
          {trans.__('Use %1 on this server…', similar)}
        </Button>
      )}
      <Button small onClick={onChoose}>
        {trans.__('Select another kernel…')}
      </Button>
    </div>
  );
}

/** Return the id of the provider that a retry may help; empty if there is none. */
function retryId(unavailability: Unavailability): string {
  switch (unavailability.kind) {
    case 'unavailable':
    case 'blocked':
    case 'gone':
      return unavailability.provider.id;
    default:
      return '';
  }
}

/** Report the height of an element, now and after each change. */
function useHeight(
  report: (height: number) => void
): React.RefObject<HTMLDivElement> {
  const ref = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const element = ref.current;
    if (element === null) {
      return undefined;
    }
    const observer = new ResizeObserver(() => {
      report(element.offsetHeight);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, [report]);
  return ref;
}
