import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { similarKernel, troubleOf, troubleSentence } from '../reason';
import type { IKnown } from '../reason';
import { clock } from '../../text/messages';
import type { ProviderState } from '../../tokens';
import { FakeProviders, specsOf } from '../../__tests__/fakeproviders';
import { provider, remoteSpec, underwayAt } from '../../__tests__/specimens';

const trans = nullTranslator.load('');
const NOW = new Date('2026-05-04T10:00:00');

/** A server with one local and one remote kernel, whose provider is in some state. */
function known(state: ProviderState, more: Partial<IKnown> = {}): IKnown {
  return {
    providers: new FakeProviders(provider('local'), provider('gpu', { state })),
    specs: specsOf('python3', 'gpu/python3'),
    isReady: true,
    ...more
  };
}

describe('troubleOf', () => {
  it.each<ProviderState>(['online', 'slow'])(
    'is none on a provider that is %s',
    state => {
      expect(troubleOf('gpu/python3', null, known(state))).toBeNull();
      expect(troubleOf('gpu/python3', 'its-id', known(state))).toBeNull();
    }
  );

  it.each<ProviderState>(['offline', 'unauthorised', 'incompatible', 'off'])(
    'is there if the provider is %s, whether or not the kernel runs',
    state => {
      const expected = { kind: 'unwell', provider: { id: 'gpu', state } };
      expect(troubleOf('gpu/python3', null, known(state))).toMatchObject(
        expected
      );
      expect(troubleOf('gpu/python3', 'its-id', known(state))).toMatchObject(
        expected
      );
    }
  );

  it('is there for a kernel to be started, not for one that runs, at first', () => {
    const checking = known('checking');

    expect(troubleOf('gpu/python3', null, checking)?.kind).toBe('unwell');
    expect(troubleOf('gpu/python3', 'its-id', checking)).toBeNull();
  });

  it('names the parts of a kernel whose provider is unknown', () => {
    expect(troubleOf('tpu/python3', null, known('online'))).toEqual({
      kind: 'unknown',
      id: 'tpu',
      kernel: 'python3',
      sentence: ''
    });
  });

  it('says why the server has left the provider out', () => {
    const sentence = 'tpu.json: url is missing.';
    const { specs, isReady } = known('online');
    const problems = [{ id: 'tpu', source: 'tpu.json', sentence }];
    const providers = Object.assign(new FakeProviders(provider('local')), {
      problems
    });

    const trouble = troubleOf('tpu/python3', null, {
      providers,
      specs,
      isReady
    });

    expect(trouble && troubleSentence(trouble, false, trans, NOW)).toBe(
      sentence
    );
  });

  it('tells of a kernel that its provider does not have', () => {
    expect(troubleOf('gpu/julia', null, known('online'))).toMatchObject({
      kind: 'gone',
      provider: { id: 'gpu' },
      kernel: 'julia'
    });
  });

  it('is none for a kernel that runs though it cannot be started any more', () => {
    expect(troubleOf('gpu/julia', 'its-id', known('online'))).toBeNull();
  });

  it.each(['starting', 'reconnecting'] as const)(
    'is there while the kernel is %s, and not for others',
    phase => {
      const gpu = underwayAt('gpu', 'its-id', phase, { state: 'slow' });
      const specs = {
        default: '',
        kernelspecs: { 'gpu/torch': remoteSpec('gpu', 'GPU', 'PyTorch 2') }
      };
      const its = known('online', { providers: new FakeProviders(gpu), specs });

      expect(troubleOf('gpu/torch', 'its-id', its)).toMatchObject({
        kind: phase,
        provider: { id: 'gpu' },
        kernel: 'PyTorch 2',
        since: new Date('2026-05-04T09:30:00')
      });
      expect(troubleOf('gpu/torch', 'other-id', its)).toBeNull();
      expect(troubleOf('gpu/torch', null, its)).toBeNull();
    }
  );

  it('is first that of the provider', () => {
    const gpu = underwayAt('gpu', 'its-id', 'starting', { state: 'offline' });
    const its = known('offline', { providers: new FakeProviders(gpu) });

    expect(troubleOf('gpu/python3', 'its-id', its)).toMatchObject({
      kind: 'unwell'
    });
  });

  it('leaves kernels without a prefix to JupyterLab', () => {
    expect(troubleOf('julia', null, known('offline'))).toBeNull();
    expect(troubleOf('', null, known('offline'))).toBeNull();
  });

  it('leaves alone what can be started, whoever offers it', () => {
    const specs = specsOf('python3', 'nested/python3');

    expect(
      troubleOf('nested/python3', null, known('online', { specs }))
    ).toBeNull();
  });

  it.each<Partial<IKnown>>([{ isReady: false }, { specs: null }])(
    'waits while the server has not answered: %o',
    more => {
      const early = known('online', more);

      expect(troubleOf('gpu/python3', null, early)).toEqual({
        kind: 'waiting'
      });
      expect(troubleOf('gpu/python3', 'its-id', early)).toBeNull();
      expect(troubleOf('python3', null, early)).toBeNull();
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

  it('knows the language from the kernelspec if the notebook has none', () => {
    const specs = specsOf('conda', 'gpu/torch');

    expect(similarKernel('gpu/torch', '', { providers, specs })).toBe('conda');
  });

  it('is none in another language, on another provider, or in no language', () => {
    const specs = specsOf('conda', 'tpu/ir');

    expect(similarKernel('gpu/ir', 'R', { providers, specs })).toBeNull();
    expect(similarKernel('gpu/torch', '', { providers, specs })).toBeNull();
    expect(
      similarKernel('gpu/torch', 'python', { providers, specs: null })
    ).toBeNull();
  });
});

describe('a trouble in words', () => {
  const offline = {
    kind: 'unwell',
    provider: provider('gpu', {
      state: 'offline',
      sentence: 'Cannot reach gpu: connection refused.',
      retryAt: new Date(NOW.getTime() + 30_000)
    })
  } as const;

  it('says what the server says, and that the kernel may be running', () => {
    const sentence = troubleSentence(offline, true, trans, NOW);

    expect(sentence).toContain('Cannot reach gpu: connection refused.');
    expect(sentence).toContain('may still be running');
    expect(troubleSentence(offline, false, trans, NOW)).not.toContain(
      'running'
    );
  });

  it('does not change from second to second', () => {
    const later = new Date(NOW.getTime() + 10_000);

    expect(troubleSentence(offline, false, trans, later)).toBe(
      troubleSentence(offline, false, trans, NOW)
    );
  });

  it('names kernel and provider', () => {
    const unknown = {
      kind: 'unknown',
      id: 'tpu',
      kernel: 'python3',
      sentence: ''
    } as const;
    const gone = {
      kind: 'gone',
      provider: provider('gpu', { label: 'GPU farm' }),
      kernel: 'julia'
    } as const;

    expect(troubleSentence(unknown, false, trans, NOW)).toBe(
      'This notebook runs on the kernel provider “tpu”, which this server does not have. Its kernel is “python3”.'
    );
    expect(troubleSentence(gone, false, trans, NOW)).toBe(
      'GPU farm does not have the kernel “julia” of this notebook.'
    );
  });

  it('tells what is done about a kernel that is under way, and since when', () => {
    const underway = {
      provider: provider('gpu', { label: 'GPU farm' }),
      kernel: 'Python 3 (ipykernel)',
      since: new Date('2026-05-04T09:30:00')
    };
    const since = clock(underway.since, NOW);

    expect(
      troubleSentence({ kind: 'starting', ...underway }, true, trans, NOW)
    ).toBe(
      `Python 3 (ipykernel) has been starting on GPU farm since ${since}. What you run waits for it.`
    );
    expect(
      troubleSentence({ kind: 'reconnecting', ...underway }, true, trans, NOW)
    ).toBe(
      `The connection to the kernel on GPU farm was lost at ${since}, and is being opened again. What you run meanwhile waits, and is sent once.`
    );
  });
});
