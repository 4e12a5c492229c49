import { Notification } from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage, Session } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IKernelProviders } from '../tokens';
import { isRemote } from './reason';

export interface IEndedKernelOptions {
  /** The session of a notebook. */
  readonly context: ISessionContext;
  readonly sessions: Pick<Session.IManager, 'refreshRunning'>;
  readonly providers: Pick<IKernelProviders, 'get' | 'idOf'>;
  readonly trans: TranslationBundle;
}

/**
 * Show a notification when a remote kernel ends that the user did not shut down.
 *
 * JupyterLab would show nothing, and start another kernel when the user runs a cell. If a
 * kernel cannot be started, JupyterLab shows why, but keeps it, although it runs no cell.
 */
export function notifyOfEndedKernels(options: IEndedKernelOptions): void {
  const { context, sessions, providers, trans } = options;
  const check = (
    { kernel }: Session.ISessionConnection,
    { msg, direction }: Kernel.IAnyMessageArgs
  ): void => {
    if (
      direction !== 'recv' ||
      !saysDead(msg) ||
      !isRemote(kernel?.name ?? '')
    ) {
      return;
    }
    const id = providers.idOf(kernel?.name ?? '');
    Notification.warning(
      trans.__(
        'The kernel of %1 on %2 ended. Its variables are lost. Running a cell starts a new kernel.',
        context.name,
        providers.get(id)?.label ?? id
      ),
      { autoClose: false }
    );
    // No cell can be run until JupyterLab knows that the session is gone, too.
    void sessions.refreshRunning();
  };
  context.statusChanged.connect((_, status) => {
    const kernel = context.session?.kernel;
    if (
      status === 'dead' &&
      isRemote(kernel?.name ?? '') &&
      // The server sends a reason if it could not start the kernel.
      kernel?.model.reason
    ) {
      // If even that fails, the next poll of the server's sessions ends it.
      context.shutdown().catch(() => undefined);
    }
  });
  context.session?.anyMessage.connect(check);
  context.sessionChanged.connect((_, { newValue }) => {
    newValue?.anyMessage.connect(check);
  });
}

/** Whether a message says that the kernel is dead. */
function saysDead(msg: KernelMessage.IMessage): boolean {
  return (
    msg.channel === 'iopub' &&
    msg.header.msg_type === 'status' &&
    (msg as KernelMessage.IStatusMsg).content.execution_state === 'dead'
  );
}
