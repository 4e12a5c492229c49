import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { similarKernel, troubleOf, troubleSentence } from '../missingkernel';
import type { IKnown } from '../missingkernel';
import type { ProviderState } from '../tokens';
import { FakeProviders, specsOf } from './fakeproviders';
import { provider } from './specimens';

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
      expect(troubleOf('gpu/python3', false, known(state))).toBeNull();
      expect(troubleOf('gpu/python3', true, known(state))).toBeNull();
    }
  );

  it.each<ProviderState>(['offline', 'unauthorised', 'incompatible', 'off'])(
    'is there if the provider is %s, whether or not the kernel runs',
    state => {
      const expected = { kind: 'unwell', provider: { id: 'gpu', state } };
      expect(troubleOf('gpu/python3', false, known(state))).toMatchObject(
        expected
      );
      expect(troubleOf('gpu/python3', true, known(state))).toMatchObject(
        expected
      );
    }
  );

  it('is there for a kernel to be started, not for one that runs, at first', () => {
    const checking = known('checking');

    expect(troubleOf('gpu/python3', false, checking)?.kind).toBe('unwell');
    expect(troubleOf('gpu/python3', true, checking)).toBeNull();
  });

  it('names the parts of a kernel whose provider is unknown', () => {
    expect(troubleOf('tpu/python3', false, known('online'))).toEqual({
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

    const trouble = troubleOf('tpu/python3', false, {
      providers,
      specs,
      isReady
    });

    expect(trouble && troubleSentence(trouble, false, trans, NOW)).toBe(
      sentence
    );
  });

  it('tells of a kernel that its provider does not have', () => {
    expect(troubleOf('gpu/julia', false, known('online'))).toMatchObject({
      kind: 'gone',
      provider: { id: 'gpu' },
      kernel: 'julia'
    });
  });

  it('is none for a kernel that runs though it cannot be started any more', () => {
    expect(troubleOf('gpu/julia', true, known('online'))).toBeNull();
  });

  it('leaves kernels without a prefix to JupyterLab', () => {
    expect(troubleOf('julia', false, known('offline'))).toBeNull();
    expect(troubleOf('', false, known('offline'))).toBeNull();
  });

  it('leaves alone what can be started, whoever offers it', () => {
    const specs = specsOf('python3', 'nested/python3');

    expect(
      troubleOf('nested/python3', false, known('online', { specs }))
    ).toBeNull();
  });

  it.each<Partial<IKnown>>([{ isReady: false }, { specs: null }])(
    'waits while the server has not answered: %o',
    more => {
      const early = known('online', more);

      expect(troubleOf('gpu/python3', false, early)).toEqual({
        kind: 'waiting'
      });
      expect(troubleOf('gpu/python3', true, early)).toBeNull();
      expect(troubleOf('python3', false, early)).toBeNull();
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
});
