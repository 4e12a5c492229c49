// @vitest-environment jsdom
import '../../__tests__/browserstubs';

import type { ISessionContext } from '@jupyterlab/apputils';
import { Signal } from '@lumino/signaling';
import { expect, it, vi } from 'vitest';

import { watchForEnd } from '../ended';

/** Open a notebook with a kernel; `send` returns the ended kernels after a message of it. */
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
  const ended: string[] = [];
  watchForEnd({
    context: context as unknown as ISessionContext,
    sessions: { refreshRunning },
    onEnded: kernelName => ended.push(kernelName)
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
    return ended;
  };
  const renew = () => {
    const session = makeSession();
    context.sessionChanged.emit({ newValue: session });
    return session;
  };
  return { context, send, renew, refreshRunning };
}

it('tells of the end of a remote kernel', () => {
  const { send, refreshRunning } = open('gpu/python3');

  expect(send('idle')).toEqual([]);
  expect(refreshRunning).not.toHaveBeenCalled();
  expect(send('dead', 'send')).toEqual([]);
  expect(send('dead')).toEqual(['gpu/python3']);
  expect(refreshRunning).toHaveBeenCalledOnce();
});

it('tells of it in a later session, too', () => {
  const { send, renew } = open('gpu/python3');

  expect(send('dead', 'recv', renew())).toEqual(['gpu/python3']);
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
