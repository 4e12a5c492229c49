import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { needsAttention } from '../state';
import { lastingStatusText, problemsText } from '../text';
import { COMMAND_IDS, PROBLEMS_COMMAND_ID } from '../tokens';
import type { IKernelProviders, IProblem, IProvider } from '../tokens';
import type { IChanges } from './changes';

/** A notification about unavailable providers. */
interface IToast {
  /** The id of the notification. */
  readonly notification: string;
  /** The ids of the providers. */
  readonly ids: readonly string[];
}

type ToastContent = Pick<
  Required<Notification.IUpdate<null>>,
  'message' | 'type' | 'autoClose' | 'actions'
>;

/** Notifications about providers; they are updated or dismissed when providers change. */
export class Toasts {
  constructor(
    providers: IKernelProviders,
    commands: CommandRegistry,
    trans: TranslationBundle
  ) {
    this._providers = providers;
    this._commands = commands;
    this._trans = trans;
  }

  /** Update the notifications that are shown, then show new ones for the changes. */
  show({ lost, back }: Pick<IChanges, 'lost' | 'back'>): void {
    const notShown = this._update(lost, back);
    if (notShown.length > 0) {
      emit(this._success(notShown));
    }
    if (lost.length > 0) {
      const ids = lost.map(({ id }) => id);
      const notification = emit(this._warning(ids));
      this._toasts = [...this._toasts, { notification, ids }];
    }
  }

  /** Show that providers are no longer loaded, since their files were changed. */
  showProblems(problems: readonly IProblem[]): void {
    const trans = this._trans;
    const [first, ...others] = problems;
    if (first !== undefined) {
      const details = {
        label: trans.__('Details'),
        callback: () => void this._commands.execute(PROBLEMS_COMMAND_ID)
      };
      emit({
        type: 'warning',
        autoClose: 15_000,
        message:
          others.length === 0
            ? fitting(first.message)
            : problemsText(problems.length, trans),
        actions: this._commands.hasCommand(PROBLEMS_COMMAND_ID) ? [details] : []
      });
    }
  }

  /**
   * Update or dismiss the notifications that are shown.
   *
   * @returns The providers of `back` that no notification is about.
   */
  private _update(
    lost: readonly IProvider[],
    back: readonly IProvider[]
  ): IProvider[] {
    const shown = new Set<IProvider>();
    this._toasts = this._toasts.flatMap(({ notification, ids }) => {
      const rest = ids.filter(
        id => this._isUnavailable(id) && lost.every(other => other.id !== id)
      );
      if (rest.length === ids.length) {
        return [{ notification, ids }];
      }
      if (rest.length > 0) {
        Notification.update({ id: notification, ...this._warning(rest) });
        return [{ notification, ids: rest }];
      }
      const available = back.filter(({ id }) => ids.includes(id));
      if (available.length === 0) {
        Notification.dismiss(notification);
      } else if (
        Notification.update({ id: notification, ...this._success(available) })
      ) {
        available.forEach(provider => shown.add(provider));
      }
      return [];
    });
    return back.filter(provider => !shown.has(provider));
  }

  private _isUnavailable(id: string): boolean {
    const provider = this._providers.get(id);
    return (
      provider !== undefined &&
      (needsAttention(provider) || provider.state === 'checking')
    );
  }

  private _warning(ids: readonly string[]): ToastContent {
    const trans = this._trans;
    const [first, ...others] = this._known(ids);
    return {
      type: 'warning',
      autoClose: 15_000,
      ...(first !== undefined && others.length === 0
        ? {
            message: fitting(
              lastingStatusText({ ...first, lastSeen: null }, trans, new Date())
            ),
            actions: [...this._retryAction(ids), ...this._detailsAction(first)]
          }
        : {
            message: trans._n(
              '%1 kernel provider is unavailable: %2',
              '%1 kernel providers are unavailable: %2',
              ids.length,
              this._labels(ids)
            ),
            actions: this._retryAction(ids)
          })
    };
  }

  /** A button; none if an administrator has disabled the commands. */
  private _retryAction(ids: readonly string[]): Notification.IAction[] {
    const callback = (event: MouseEvent): void => {
      event.preventDefault(); // the notification stays, and shows the result
      void this._retry(ids);
    };
    return this._commands.hasCommand(COMMAND_IDS.retry)
      ? [{ label: this._trans.__('Retry'), callback }]
      : [];
  }

  /** A button; none if an administrator has disabled the commands. */
  private _detailsAction({ id }: IProvider): Notification.IAction[] {
    const callback = (event: MouseEvent): void => {
      event.preventDefault();
      void this._commands.execute(COMMAND_IDS.details, { id });
    };
    return this._commands.hasCommand(COMMAND_IDS.details)
      ? [{ label: this._trans.__('Details'), callback }]
      : [];
  }

  private _success(back: readonly IProvider[]): ToastContent {
    const labels = this._labels(back.map(({ id }) => id));
    return {
      type: 'success',
      autoClose: 5_000,
      message: this._trans.__('Available again: %1', labels),
      actions: []
    };
  }

  private async _retry(ids: readonly string[]): Promise<void> {
    const toastOf = (): IToast | undefined =>
      this._toasts.find(toast => toast.ids === ids);
    const retrying: ToastContent = {
      type: 'in-progress',
      autoClose: false,
      message: this._trans.__('Retrying %1…', this._labels(ids)),
      actions: []
    };
    update(toastOf(), retrying);
    await Promise.allSettled(
      ids.map(id => this._commands.execute(COMMAND_IDS.retry, { id }))
    );
    // If all are available, `show` updates the notification.
    if (ids.some(id => this._isUnavailable(id))) {
      update(toastOf(), this._warning(ids));
    }
  }

  private _known(ids: readonly string[]): IProvider[] {
    return ids.flatMap(id => this._providers.get(id) ?? []);
  }

  private _labels(ids: readonly string[]): string {
    return this._known(ids)
      .map(({ label }) => label)
      .join(', ');
  }

  private readonly _providers: IKernelProviders;
  private readonly _commands: CommandRegistry;
  private readonly _trans: TranslationBundle;
  private _toasts: readonly IToast[] = [];
}

/** JupyterLab cuts off the rest of a longer message. */
const ROOM = 140;

/** Leave out the sentences that do not fit; the details have them. */
function fitting(text: string): string {
  const end = text.length > ROOM ? text.lastIndexOf('. ', ROOM - 1) : -1;
  return end === -1 ? text : text.slice(0, end + 1);
}

function emit({ message, type, ...options }: ToastContent): string {
  return Notification.emit(message, type, options);
}

function update(toast: IToast | undefined, content: ToastContent): void {
  if (toast !== undefined) {
    Notification.update({ id: toast.notification, ...content });
  }
}
