import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Throttler } from '@lumino/polling';

import type { IKernelProviders } from '../tokens';

/** Milliseconds within which the ends of several kernels make one message. */
const GROUPING = 1000;

/** Milliseconds after which a notification goes by itself; the notebooks' bars stay. */
const DURATION = 15_000;

/** A notebook whose kernel ended. */
export interface IEndedNotebook {
  readonly name: string;
  readonly kernelId: string;
  /** Whether it has not been closed since. */
  isOpen(): boolean;
  /** Make it the current tab. */
  activate(): void;
}

export interface IEndedNoticesOptions {
  readonly providers: Pick<IKernelProviders, 'get' | 'preferences'>;
  readonly trans: TranslationBundle;
  /** Show notebooks to the user, under a title. */
  readonly showNotebooks: (
    title: string,
    notebooks: readonly IEndedNotebook[]
  ) => void;
}

/** A notification about kernels of one provider. */
interface IShown {
  readonly notification: string;
  readonly notebooks: readonly IEndedNotebook[];
  /** When it goes by itself, in milliseconds. */
  readonly until: number;
}

/** Shows one notification for each provider whose kernels ended, however many they were. */
export class EndedNotices {
  constructor(options: IEndedNoticesOptions) {
    this._options = options;
  }

  /** Tell of the end of a notebook's kernel soon, together with others of its provider. */
  add(providerId: string, notebook: IEndedNotebook): void {
    if (this._options.providers.preferences.notify !== 'none') {
      const known = this._waiting.get(providerId) ?? [];
      this._waiting.set(providerId, [...known, notebook]);
      void this._soon.invoke();
    }
  }

  private _show(id: string, added: readonly IEndedNotebook[]): void {
    const { trans, showNotebooks } = this._options;
    const shown = this._stillShown(id);
    const notebooks = [...(shown?.notebooks ?? []), ...added];
    const kernels = new Set(notebooks.map(({ kernelId }) => kernelId));
    const message = this._text(id, kernels.size);
    const action = {
      label: trans._n('Show notebook', 'Show notebooks', notebooks.length),
      callback: () => {
        showNotebooks(
          message,
          notebooks.filter(notebook => notebook.isOpen())
        );
      }
    };
    const options = { autoClose: DURATION, actions: [action] };
    const notification =
      shown?.notification ?? Notification.warning(message, options);
    if (shown !== undefined) {
      Notification.update({ id: notification, message, ...options });
    }
    const until = Date.now() + DURATION;
    this._shown.set(id, { notification, notebooks, until });
  }

  /** Return the notification of a provider; undefined if it has gone. */
  private _stillShown(id: string): IShown | undefined {
    const shown = this._shown.get(id);
    if (shown !== undefined && Date.now() >= shown.until) {
      // Lab keeps one that has gone by itself, and would show it again after an update.
      Notification.dismiss(shown.notification);
    }
    return Notification.manager.has(shown?.notification ?? '')
      ? shown
      : undefined;
  }

  private _text(id: string, count: number): string {
    const { providers, trans } = this._options;
    return trans._n(
      '%1 kernel on %2 ended. Its variables are lost.',
      '%1 kernels on %2 ended. Their variables are lost.',
      count,
      providers.get(id)?.label ?? id
    );
  }

  private readonly _options: IEndedNoticesOptions;
  /** The notebooks to tell of, by provider id. */
  private readonly _waiting = new Map<string, readonly IEndedNotebook[]>();
  /** The last notification of each provider, by its id. */
  private readonly _shown = new Map<string, IShown>();
  private readonly _soon = new Throttler(
    () => {
      const waiting = [...this._waiting];
      this._waiting.clear();
      waiting.forEach(([id, notebooks]) => {
        this._show(id, notebooks);
      });
    },
    { limit: GROUPING, edge: 'trailing' }
  );
}
