import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage, Session } from '@jupyterlab/services';

import { isRemote } from './reason';

export interface IEndedKernelOptions {
  /** The session of a notebook. */
  readonly context: ISessionContext;
  readonly sessions: Pick<Session.IManager, 'refreshRunning'>;
  /** Called with the name of a remote kernel that the user did not shut down. */
  readonly onEnded: (kernelName: string) => void;
}

/**
 * Watch for the end of a notebook's remote kernel.
 *
 * JupyterLab would show nothing, and start another kernel when the user runs a cell. If a
 * kernel cannot be started, JupyterLab shows why, but keeps it, although it runs no cell.
 */
export function watchForEnd(options: IEndedKernelOptions): void {
  const { context, sessions, onEnded } = options;
  const check = (
    { kernel }: Session.ISessionConnection,
    { msg, direction }: Kernel.IAnyMessageArgs
  ): void => {
    const name = kernel?.name ?? '';
    if (direction === 'recv' && saysDead(msg) && isRemote(name)) {
      onEnded(name);
      // No cell can be run until JupyterLab knows that the session is gone, too.
      void sessions.refreshRunning();
    }
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
