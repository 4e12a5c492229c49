import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { INews } from './changes';
import { NO_KERNELS } from '../providers/counts';
import { stateSentence } from '../text/messages';
import { isUnwell } from '../text/summary';
import { COMMAND_IDS } from '../tokens';
import type { IKernelProviders, IProvider } from '../tokens';

/** A notification, and the ids of the providers in trouble that it tells of. */
interface INotice {
  readonly notification: string;
  readonly ids: readonly string[];
}

type Message = Pick<
  Required<Notification.IUpdate<null>>,
  'message' | 'type' | 'autoClose' | 'actions'
>;

/** Notifications about providers, which change or go when they are not true any more. */
export class Notices {
  constructor(
    providers: IKernelProviders,
    commands: CommandRegistry,
    trans: TranslationBundle
  ) {
    this._providers = providers;
    this._commands = commands;
    this._trans = trans;
  }

  /** Tell what is news, after correcting what was told before. */
  tell({ lost, back }: Pick<INews, 'lost' | 'back'>): void {
    const untold = this._correct(lost, back);
    if (untold.length > 0) {
      emit(this._end(untold));
    }
    if (lost.length > 0) {
      const ids = lost.map(({ id }) => id);
      const notification = emit(this._trouble(ids));
      this._notices = [...this._notices, { notification, ids }];
    }
  }

  /**
   * Correct the notifications that are there.
   *
   * @returns Those of `back` of which no notification tells.
   */
  private _correct(
    lost: readonly IProvider[],
    back: readonly IProvider[]
  ): IProvider[] {
    const told = new Set<IProvider>();
    this._notices = this._notices.flatMap(({ notification, ids }) => {
      const rest = ids.filter(
        id => this._isInTrouble(id) && lost.every(other => other.id !== id)
      );
      if (rest.length === ids.length) {
        return [{ notification, ids }];
      }
      if (rest.length > 0) {
        Notification.update({ id: notification, ...this._trouble(rest) });
        return [{ notification, ids: rest }];
      }
      const over = back.filter(({ id }) => ids.includes(id));
      if (over.length === 0) {
        Notification.dismiss(notification);
      } else if (
        Notification.update({ id: notification, ...this._end(over) })
      ) {
        over.forEach(provider => told.add(provider));
      }
      return [];
    });
    return back.filter(provider => !told.has(provider));
  }

  private _isInTrouble(id: string): boolean {
    const provider = this._providers.get(id);
    return (
      provider !== undefined &&
      (isUnwell(provider) || provider.state === 'checking')
    );
  }

  private _trouble(ids: readonly string[]): Message {
    const trans = this._trans;
    const [first, ...others] = this._known(ids);
    return {
      type: 'warning',
      autoClose: 15_000,
      ...(first !== undefined && others.length === 0
        ? {
            message: stateSentence(
              { ...first, lastSeen: null, retryAt: null },
              NO_KERNELS,
              trans,
              new Date()
            ),
            actions: [...this._retryAction(ids), ...this._detailsAction(first)]
          }
        : {
            message: trans._n(
              '%1 kernel provider cannot be used: %2',
              '%1 kernel providers cannot be used: %2',
              ids.length,
              this._labels(ids)
            ),
            actions: this._retryAction(ids)
          })
    };
  }

  /** A button; none where an administrator has disabled the commands. */
  private _retryAction(ids: readonly string[]): Notification.IAction[] {
    const callback = (event: MouseEvent): void => {
      event.preventDefault(); // the notification stays, and says what comes of it
      void this._retry(ids);
    };
    return this._commands.hasCommand(COMMAND_IDS.retry)
      ? [{ label: this._trans.__('Retry'), callback }]
      : [];
  }

  /** As above. */
  private _detailsAction({ id }: IProvider): Notification.IAction[] {
    const callback = (event: MouseEvent): void => {
      event.preventDefault();
      void this._commands.execute(COMMAND_IDS.details, { id });
    };
    return this._commands.hasCommand(COMMAND_IDS.details)
      ? [{ label: this._trans.__('Details'), callback }]
      : [];
  }

  private _end(back: readonly IProvider[]): Message {
    const labels = this._labels(back.map(({ id }) => id));
    return {
      type: 'success',
      autoClose: 5_000,
      message: this._trans.__('%1 can be used again', labels),
      actions: []
    };
  }

  private async _retry(ids: readonly string[]): Promise<void> {
    const noticeOf = (): INotice | undefined =>
      this._notices.find(notice => notice.ids === ids);
    const asking: Message = {
      type: 'in-progress',
      autoClose: false,
      message: this._trans.__('Asking %1…', this._labels(ids)),
      actions: []
    };
    update(noticeOf(), asking);
    await Promise.allSettled(
      ids.map(id => this._commands.execute(COMMAND_IDS.retry, { id }))
    );
    // If all are well, this was corrected meanwhile or will be soon.
    if (ids.some(id => this._isInTrouble(id))) {
      update(noticeOf(), this._trouble(ids));
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
  private _notices: readonly INotice[] = [];
}

function emit({ message, type, ...options }: Message): string {
  return Notification.emit(message, type, options);
}

function update(notice: INotice | undefined, message: Message): void {
  if (notice !== undefined) {
    Notification.update({ id: notice.notification, ...message });
  }
}
