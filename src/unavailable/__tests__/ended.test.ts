// @vitest-environment jsdom
import '../../__tests__/jsdomgaps';

import { Notification } from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { beforeEach, expect, it, vi } from 'vitest';

import { tellOfLostKernels } from '../ended';
import { FakeProviders } from '../../__tests__/fakeproviders';
import { provider } from '../../__tests__/specimens';

beforeEach(() => {
  Notification.dismiss();
});

/** A notebook with a kernel, and what is said after messages from it. */
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
  tellOfLostKernels({
    context: context as unknown as ISessionContext,
    sessions: { refreshRunning },
    providers: new FakeProviders(provider('gpu', { label: 'GPU farm' })),
    trans: nullTranslator.load('')
  });
  const tell = (
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
  return { context, tell, renew, refreshRunning };
}

const LOST =
  'The kernel of work.ipynb on GPU farm has ended, and its variables are lost. Running a cell starts a new one.';

it('tells of a kernel that has ended at its provider', () => {
  const { tell, refreshRunning } = open('gpu/python3');

  expect(tell('idle')).toEqual([]);
  expect(refreshRunning).not.toHaveBeenCalled();
  expect(tell('dead')).toEqual([LOST]);
  expect(refreshRunning).toHaveBeenCalledOnce();
});

it('tells so in a later session, too', () => {
  const { tell, renew } = open('gpu/python3');

  expect(tell('dead', 'recv', renew())).toEqual([LOST]);
});

it('leaves local kernels to JupyterLab', () => {
  expect(open('python3').tell('dead')).toEqual([]);
});

it('lets go of a kernel that could not be started', () => {
  const { context } = open('gpu/python3', 'Cannot reach gpu.');

  context.statusChanged.emit('starting');
  expect(context.shutdown).not.toHaveBeenCalled();
  context.statusChanged.emit('dead');

  expect(context.shutdown).toHaveBeenCalledOnce();
});

it.each([
  ['that has ended otherwise', 'gpu/python3', ''],
  ['of this server', 'python3', 'No such file.']
])('leaves alone one %s', (_what, name, reason) => {
  const { context } = open(name, reason);

  context.statusChanged.emit('dead');

  expect(context.shutdown).not.toHaveBeenCalled();
});
