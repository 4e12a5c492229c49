// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import { Notification } from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { beforeEach, expect, it, vi } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import { MockKernelProviders } from '../../__tests__/mockproviders';
import { notifyOfEndedKernels } from '../ended';

beforeEach(() => {
  Notification.dismiss();
});

/** Open a notebook with a kernel; `send` returns the notifications after a message of it. */
function open(name: string, reason = '') {
  const makeSession = () => {
    const session = { kernel: { name, model: { reason } } };
    return Object.assign(session, {
      anyMessage: new Signal<object, object>(session)
    });
  };
  const first = makeSession();
  const context = {
    name: 'work.ipynb',
    session: first,
    shutdown: vi.fn(() => Promise.resolve()),
    statusChanged: new Signal<object, string>({}),
    sessionChanged: new Signal<object, { newValue: object }>({})
  };
  const refreshRunning = vi.fn(() => Promise.resolve());
  notifyOfEndedKernels({
    context: context as unknown as ISessionContext,
    sessions: { refreshRunning },
    providers: new MockKernelProviders(provider('gpu', { label: 'GPU farm' })),
    trans: nullTranslator.load('')
  });
  const send = (
    state: string,
    direction = 'recv',
    { anyMessage } = first
  ): string[] => {
    anyMessage.emit({
      direction,
      msg: {
        channel: 'iopub',
        header: { msg_type: 'status' },
        content: { execution_state: state }
      }
    });
    return Notification.manager.notifications.map(({ message }) => message);
  };
  const renew = () => {
    const session = makeSession();
    context.sessionChanged.emit({ newValue: session });
    return session;
  };
  return { context, send, renew, refreshRunning };
}

const LOST =
  'The kernel of work.ipynb on GPU farm ended. Its variables are lost. Running a cell starts a new kernel.';

it('shows a notification when a remote kernel ends', () => {
  const { send, refreshRunning } = open('gpu/python3');

  expect(send('idle')).toEqual([]);
  expect(refreshRunning).not.toHaveBeenCalled();
  expect(send('dead')).toEqual([LOST]);
  expect(refreshRunning).toHaveBeenCalledOnce();
});

it('shows it in a later session, too', () => {
  const { send, renew } = open('gpu/python3');

  expect(send('dead', 'recv', renew())).toEqual([LOST]);
});

it('leaves local kernels to JupyterLab', () => {
  expect(open('python3').send('dead')).toEqual([]);
});

it('ends the session of a kernel that could not be started', () => {
  const { context } = open('gpu/python3', 'Cannot reach gpu.');

  context.statusChanged.emit('starting');
  expect(context.shutdown).not.toHaveBeenCalled();
  context.statusChanged.emit('dead');

  expect(context.shutdown).toHaveBeenCalledOnce();
});

it.each([
  ['that ended later', 'gpu/python3', ''],
  ['of this server', 'python3', 'No such file.']
])('keeps the session of a kernel %s', (_what, name, reason) => {
  const { context } = open(name, reason);

  context.statusChanged.emit('dead');

  expect(context.shutdown).not.toHaveBeenCalled();
});
