import { Notification } from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage, Session } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import { isRemote } from './reason';
import type { IKernelProviders } from '../tokens';

/** What is needed to tell of kernels that are lost. */
export interface ILostKernelOptions {
  /** The session of a notebook. */
  readonly context: ISessionContext;
  readonly sessions: Pick<Session.IManager, 'refreshRunning'>;
  readonly providers: Pick<IKernelProviders, 'get' | 'idOf'>;
  readonly trans: TranslationBundle;
}

/**
 * Tell people when a kernel at a provider has ended without their doing.
 *
 * JupyterLab itself would say nothing, and start another one as the next cell is run. Of one
 * that could not be started it tells, but keeps it, although no cell could be run with it.
 */
export function tellOfLostKernels(options: ILostKernelOptions): void {
  const { context, sessions, providers, trans } = options;
  const look = (
    { kernel }: Session.ISessionConnection,
    { msg, direction }: Kernel.IAnyMessageArgs
  ): void => {
    if (
      direction !== 'recv' ||
      !isDeath(msg) ||
      !isRemote(kernel?.name ?? '')
    ) {
      return;
    }
    const id = providers.idOf(kernel?.name ?? '');
    Notification.warning(
      trans.__(
        'The kernel of %1 on %2 has ended, and its variables are lost. Running a cell starts a new one.',
        context.name,
        providers.get(id)?.label ?? id
      ),
      { autoClose: false }
    );
    // Until JupyterLab knows that the session is gone, too, no cell can be run.
    void sessions.refreshRunning();
  };
  context.statusChanged.connect((_, status) => {
    const kernel = context.session?.kernel;
    if (
      status === 'dead' &&
      isRemote(kernel?.name ?? '') &&
      // Why the server could not start it.
      kernel?.model.reason
    ) {
      // Where even that fails, the next look at the server's sessions ends it.
      context.shutdown().catch(() => undefined);
    }
  });
  context.session?.anyMessage.connect(look);
  context.sessionChanged.connect((_, { newValue }) => {
    newValue?.anyMessage.connect(look);
  });
}

/** Whether it is the message that there is no kernel any more. */
function isDeath(msg: KernelMessage.IMessage): boolean {
  return (
    msg.channel === 'iopub' &&
    msg.header.msg_type === 'status' &&
    (msg as KernelMessage.IStatusMsg).content.execution_state === 'dead'
  );
}
