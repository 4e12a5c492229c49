import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import {
  provider,
  remoteSpec,
  withKernelPhase
} from '../../__tests__/fixtures';
import { MockKernelProviders, specsOf } from '../../__tests__/mockproviders';
import { clock } from '../../text/messages';
import type { IProvider, ProviderState } from '../../tokens';
import {
  iconOf,
  similarKernel,
  switchingOf,
  unavailabilityOf,
  unavailabilityText
} from '../reason';
import type { IKnown } from '../reason';

const trans = nullTranslator.load('');
const NOW = new Date('2026-05-04T10:00:00');
const RUNNING = { id: 'its-id', isConnected: true };
const CONNECTED = { hasKernel: true, willStart: false };
const HELD = { hasKernel: false, willStart: true };
const LOST = { ...RUNNING, isConnected: false };

/** A server with a local and a remote kernel, whose provider has this state. */
function known(state: ProviderState, more: Partial<IKnown> = {}): IKnown {
  return {
    providers: new MockKernelProviders(
      provider('local'),
      provider('gpu', { state })
    ),
    specs: specsOf('python3', 'gpu/python3'),
    isReady: true,
    hasOthers: true,
    ...more
  };
}

describe('unavailabilityOf', () => {
  it.each<ProviderState>(['online', 'slow'])(
    'is null on a provider that is %s',
    state => {
      expect(unavailabilityOf('gpu/python3', null, known(state))).toBeNull();
      expect(unavailabilityOf('gpu/python3', RUNNING, known(state))).toBeNull();
    }
  );

  it.each<ProviderState>(['offline', 'unauthorised', 'incompatible', 'off'])(
    'names the provider if it is %s, even if the kernel runs',
    state => {
      const expected = { kind: 'unavailable', provider: { id: 'gpu', state } };
      expect(unavailabilityOf('gpu/python3', null, known(state))).toMatchObject(
        expected
      );
      expect(
        unavailabilityOf('gpu/python3', RUNNING, known(state))
      ).toMatchObject(expected);
    }
  );

  it('is null for a running kernel while its provider is checked', () => {
    const checking = known('checking');

    expect(unavailabilityOf('gpu/python3', null, checking)?.kind).toBe(
      'unavailable'
    );
    expect(unavailabilityOf('gpu/python3', RUNNING, checking)).toBeNull();
  });

  it('names the parts of the name if the provider is unknown', () => {
    expect(unavailabilityOf('tpu/python3', null, known('online'))).toEqual({
      kind: 'unknown',
      id: 'tpu',
      kernel: 'python3',
      message: ''
    });
  });

  it('says why the server did not load the provider', () => {
    const message = 'tpu.json: url is missing.';
    const { specs, isReady, hasOthers } = known('online');
    const problems = [{ id: 'tpu', source: 'tpu.json', message }];
    const providers = Object.assign(
      new MockKernelProviders(provider('local')),
      {
        problems
      }
    );

    const unavailability = unavailabilityOf('tpu/python3', null, {
      providers,
      specs,
      isReady,
      hasOthers
    });

    expect(
      unavailability && unavailabilityText(unavailability, HELD, trans, NOW)
    ).toBe(message);
  });

  it('names a kernel that its provider does not have', () => {
    expect(unavailabilityOf('gpu/julia', null, known('online'))).toMatchObject({
      kind: 'gone',
      provider: { id: 'gpu' },
      kernel: 'julia'
    });
  });

  it('is null for a running kernel that can no longer be started', () => {
    expect(unavailabilityOf('gpu/julia', RUNNING, known('online'))).toBeNull();
  });

  it.each(['starting', 'reconnecting'] as const)(
    'names a kernel that is %s, but no other kernel',
    phase => {
      const gpu = withKernelPhase('gpu', 'its-id', phase, { state: 'slow' });
      const specs = {
        default: '',
        kernelspecs: { 'gpu/torch': remoteSpec('gpu', 'GPU', 'PyTorch 2') }
      };
      const its = known('online', {
        providers: new MockKernelProviders(gpu),
        specs
      });

      expect(unavailabilityOf('gpu/torch', RUNNING, its)).toMatchObject({
        kind: phase,
        provider: { id: 'gpu' },
        kernel: 'PyTorch 2',
        since: new Date('2026-05-04T09:30:00')
      });
      expect(
        unavailabilityOf('gpu/torch', { ...RUNNING, id: 'other-id' }, its)
      ).toBeNull();
      expect(unavailabilityOf('gpu/torch', null, its)).toBeNull();
    }
  );

  it('names the provider before the phase of the kernel', () => {
    const gpu = withKernelPhase('gpu', 'its-id', 'starting', {
      state: 'offline'
    });
    const its = known('offline', { providers: new MockKernelProviders(gpu) });

    expect(unavailabilityOf('gpu/python3', RUNNING, its)).toMatchObject({
      kind: 'unavailable'
    });
  });

  it('names a blocked provider unless the kernel is connected', () => {
    const blocked = known('blocked');
    const expected = {
      kind: 'blocked',
      provider: { id: 'gpu', state: 'blocked' }
    };

    expect(unavailabilityOf('gpu/python3', null, blocked)).toMatchObject(
      expected
    );
    expect(unavailabilityOf('gpu/python3', LOST, blocked)).toMatchObject(
      expected
    );
    expect(unavailabilityOf('gpu/python3', RUNNING, blocked)).toBeNull();
  });

  it.each([
    ['reconnecting', RUNNING, 'blocked'],
    ['reconnecting', LOST, 'blocked'],
    ['starting', LOST, 'starting']
  ] as const)(
    'on a blocked provider, is for a kernel that is %s and %o: %s',
    (phase, running, kind) => {
      const gpu = withKernelPhase('gpu', 'its-id', phase, { state: 'blocked' });
      const its = known('blocked', { providers: new MockKernelProviders(gpu) });

      expect(unavailabilityOf('gpu/python3', running, its)).toMatchObject({
        kind
      });
    }
  );

  it('names a kernel that its blocked provider does not have', () => {
    expect(unavailabilityOf('gpu/julia', null, known('blocked'))).toMatchObject(
      { kind: 'gone' }
    );
  });

  it('names this server if it does not have a local kernel', () => {
    expect(unavailabilityOf('julia', null, known('offline'))).toMatchObject({
      kind: 'gone',
      provider: { id: 'local' },
      kernel: 'julia'
    });
    expect(unavailabilityOf('julia', RUNNING, known('offline'))).toBeNull();
    expect(unavailabilityOf('python3', null, known('offline'))).toBeNull();
    expect(unavailabilityOf('', null, known('offline'))).toBeNull();
  });

  it('does not judge the kernels of a gateway that cannot be reached', () => {
    const providers = new MockKernelProviders(
      provider('local', { state: 'offline' }),
      provider('gpu')
    );
    expect(
      unavailabilityOf('julia', null, known('online', { providers }))
    ).toMatchObject({ kind: 'unavailable', provider: { id: 'local' } });
  });

  it('waits for the providers before it judges a missing local kernel', () => {
    const early = { isReady: false };
    const waiting = { kind: 'waiting' };
    expect(unavailabilityOf('julia', null, known('online', early))).toEqual(
      waiting
    );
    expect(
      unavailabilityOf('python3', null, known('online', early))
    ).toBeNull();
  });

  it('leaves local kernels to JupyterLab on a server without other providers', () => {
    const providers = new MockKernelProviders(provider('local'));
    const alone = known('online', { providers, hasOthers: false });
    expect(unavailabilityOf('julia', null, alone)).toBeNull();
    expect(
      unavailabilityOf('julia', null, { ...alone, isReady: false })
    ).toBeNull();
  });

  it('is null for a kernel that can be started at an unknown provider', () => {
    const specs = specsOf('python3', 'nested/python3');

    expect(
      unavailabilityOf('nested/python3', null, known('online', { specs }))
    ).toBeNull();
  });

  it.each<Partial<IKnown>>([{ isReady: false }, { specs: null }])(
    'waits while the server has not answered: %o',
    more => {
      const early = known('online', more);

      expect(unavailabilityOf('gpu/python3', null, early)).toEqual({
        kind: 'waiting'
      });
      expect(unavailabilityOf('gpu/python3', RUNNING, early)).toBeNull();
      expect(unavailabilityOf('python3', null, early)).toBeNull();
    }
  );
});

describe('similarKernel', () => {
  const { providers } = known('offline');

  it('prefers the kernel of the same name', () => {
    const specs = specsOf('conda', 'python3', 'gpu/python3');

    expect(similarKernel('gpu/python3', 'python', { providers, specs })).toBe(
      'python3'
    );
  });

  it('then takes the default kernel in the language', () => {
    const specs = { ...specsOf('conda', 'venv'), default: 'venv' };

    expect(similarKernel('gpu/torch', 'python', { providers, specs })).toBe(
      'venv'
    );
  });

  it('then takes any kernel in the language', () => {
    const specs = { ...specsOf('conda', 'venv'), default: 'julia' };

    expect(similarKernel('gpu/torch', 'python', { providers, specs })).toBe(
      'conda'
    );
  });

  it('takes the language of the kernelspec if the notebook has none', () => {
    const specs = specsOf('conda', 'gpu/torch');

    expect(similarKernel('gpu/torch', '', { providers, specs })).toBe('conda');
  });

  it('is null in another language, on another provider, or without a language', () => {
    const specs = specsOf('conda', 'tpu/ir');

    expect(similarKernel('gpu/ir', 'R', { providers, specs })).toBeNull();
    expect(similarKernel('gpu/torch', '', { providers, specs })).toBeNull();
    expect(
      similarKernel('gpu/torch', 'python', { providers, specs: null })
    ).toBeNull();
  });
});

describe('switchingOf', () => {
  const starting = withKernelPhase('gpu', 'new', 'starting');
  const [phase] = starting.kernelPhases;
  const switching = provider('gpu', {
    kernelPhases:
      phase === undefined
        ? []
        : [{ ...phase, kernelName: 'gpu/r', sessionId: 'mine' }]
  });
  const knownWith = (gpu: IProvider): IKnown =>
    known('online', {
      providers: new MockKernelProviders(provider('local'), gpu),
      specs: {
        default: '',
        kernelspecs: { 'gpu/r': remoteSpec('gpu', 'GPU', 'R', 'r') }
      }
    });

  it('finds the kernel that starts for a session', () => {
    expect(switchingOf('mine', knownWith(switching))).toMatchObject({
      kind: 'switching',
      kernelId: 'new',
      kernel: 'R',
      provider: { id: 'gpu' }
    });
  });

  it.each([
    ['another session', 'other', switching],
    ['no session', '', switching],
    ['a start without a session', '', starting],
    ['a start without a session', 'mine', starting]
  ])('finds nothing for %s', (_what, id, gpu) => {
    expect(switchingOf(id, knownWith(gpu))).toBeNull();
  });
});

describe('unavailabilityText', () => {
  const offline = {
    kind: 'unavailable',
    kernel: 'Python 3',
    provider: provider('gpu', {
      state: 'offline',
      message: 'Cannot reach gpu: connection refused.',
      retryAt: new Date(NOW.getTime() + 30_000)
    })
  } as const;

  it('has the message of the provider, and says what becomes of kernel and cells', () => {
    const message = unavailabilityText(offline, CONNECTED, trans, NOW);

    expect(message).toContain('Cannot reach gpu: connection refused.');
    expect(message).toContain(
      'Python 3 may still be running there. Cells that you run now wait, and are sent once.'
    );
    expect(unavailabilityText(offline, HELD, trans, NOW)).toMatch(
      /\. Python 3 starts when gpu is available again\.$/
    );
    const ended = { hasKernel: false, willStart: false };
    expect(unavailabilityText(offline, ended, trans, NOW)).not.toContain(
      'Python 3'
    );
  });

  it.each([
    [0, ''],
    [1, ' 1 cell did not finish.'],
    [3, ' 3 cells did not finish.']
  ])('says that a kernel ended while %d cells ran or waited', (cells, more) => {
    const ended = { kind: 'ended', since: NOW, cells } as const;
    expect(unavailabilityText(ended, HELD, trans, NOW)).toBe(
      `The kernel ended at ${clock(NOW, NOW)}. Its variables are lost.${more}`
    );
  });

  it('has the message of a blocked provider, whether the kernel runs or not', () => {
    const blocked = {
      kind: 'blocked',
      kernel: 'Python 3',
      provider: provider('gpu', {
        state: 'blocked',
        reason: 'websocket',
        detail: '400',
        label: 'GPU farm'
      })
    } as const;
    const message =
      'GPU farm answers requests, but its kernels cannot be reached (400): ' +
      "websockets are blocked. A proxy in front of it must pass the headers 'Upgrade' " +
      "and 'Connection' of HTTP/1.1. Cells that you run now wait.";

    expect(unavailabilityText(blocked, CONNECTED, trans, NOW)).toBe(message);
    expect(unavailabilityText(blocked, HELD, trans, NOW)).toBe(message);
    expect(iconOf(blocked)).toBe('blocked');
  });

  it('does not change from second to second', () => {
    const later = new Date(NOW.getTime() + 10_000);

    expect(unavailabilityText(offline, HELD, trans, later)).toBe(
      unavailabilityText(offline, HELD, trans, NOW)
    );
  });

  it('names the kernel and the provider', () => {
    const unknown = {
      kind: 'unknown',
      id: 'tpu',
      kernel: 'python3',
      message: ''
    } as const;
    const gone = {
      kind: 'gone',
      provider: provider('gpu', { label: 'GPU farm' }),
      kernel: 'julia'
    } as const;

    expect(unavailabilityText(unknown, HELD, trans, NOW)).toBe(
      'The kernel “python3” belongs to the provider “tpu”, which this server does not have.'
    );
    expect(unavailabilityText(gone, HELD, trans, NOW)).toBe(
      'GPU farm does not have the kernel “julia”.'
    );
  });

  it('says since when a kernel is starting or reconnecting', () => {
    const phase = {
      kernelId: 'its-id',
      provider: provider('gpu', { label: 'GPU farm' }),
      kernel: 'Python 3 (ipykernel)',
      since: new Date('2026-05-04T09:30:00')
    };
    const since = clock(phase.since, NOW);

    expect(
      unavailabilityText({ kind: 'starting', ...phase }, CONNECTED, trans, NOW)
    ).toBe(
      `Python 3 (ipykernel) has been starting on GPU farm since ${since}. Cells that you run wait for it.`
    );
    expect(
      unavailabilityText(
        { kind: 'reconnecting', ...phase },
        CONNECTED,
        trans,
        NOW
      )
    ).toBe(
      `The connection to Python 3 (ipykernel) on GPU farm was lost at ${since}. Reconnecting… Cells that you run now wait, and are sent once.`
    );
    expect(
      unavailabilityText({ kind: 'switching', ...phase }, CONNECTED, trans, NOW)
    ).toBe(
      `Python 3 (ipykernel) has been starting on GPU farm since ${since}. The current kernel stays until it has started.`
    );
  });
});
