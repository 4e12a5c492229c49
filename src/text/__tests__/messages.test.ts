import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import {
  age,
  clock,
  duration,
  placementSentence,
  staleness,
  stateSentence,
  stateWord
} from '../messages';
import type { ProviderState } from '../../tokens';
import { provider } from '../../__tests__/specimens';

const trans = nullTranslator.load('');
const now = new Date('2026-05-04T09:30:00');
const later = (seconds: number): Date => new Date(+now + 1000 * seconds);
const eight = { kernels: 8, running: 0 };

describe('stateWord', () => {
  it('has another word for every state', () => {
    const states: ProviderState[] = [
      'checking',
      'online',
      'slow',
      'offline',
      'unauthorised',
      'incompatible',
      'off'
    ];
    const words = states.map(state => stateWord(state, trans));
    expect(new Set(words).size).toBe(states.length);
    expect(words).not.toContain('');
  });
});

describe('stateSentence', () => {
  const sentence = (
    more: Parameters<typeof provider>[1],
    counts = eight
  ): string => stateSentence(provider('gpu', more), counts, trans, now);

  it.each([
    [8, 2, 'Online · 42 ms · 8 kernels, 2 running'],
    [8, 0, 'Online · 42 ms · 8 kernels'],
    [1, 1, 'Online · 42 ms · 1 kernel, 1 running'],
    [0, 0, 'Online · 42 ms · 0 kernels']
  ])('counts %i kernels and %i running', (kernels, running, expected) => {
    expect(sentence({}, { kernels, running })).toBe(expected);
  });

  it('has no latency where there is none, as for this server', () => {
    expect(sentence({ latency: null })).toBe('Online · 8 kernels');
  });

  it('tells a slow answer in seconds', () => {
    expect(sentence({ state: 'slow', latency: 3240 })).toBe(
      'Slow · answers in 3.2 s · 8 kernels'
    );
  });

  it('says who is asked at first', () => {
    expect(sentence({ state: 'checking' })).toBe('Asking gpu for its kernels');
  });

  it('says where a provider is turned off', () => {
    expect(sentence({ state: 'off' })).toBe(
      'Turned off in /etc/jupyter/gpu.json'
    );
    expect(sentence({ state: 'off', source: null })).toBe('Off');
  });

  it("says what is wrong in the server's words, since when, and what comes next", () => {
    const lastSeen = new Date('2026-05-04T09:02:00');
    expect(
      sentence({
        state: 'offline',
        sentence: 'Cannot reach gpu: connection refused.',
        lastSeen,
        retryAt: later(29.4)
      })
    ).toBe(
      'Offline. Cannot reach gpu: connection refused. ' +
        `Last seen ${clock(lastSeen, now)}. Trying again in 30 s.`
    );
  });

  it.each([
    ['a provider that was never seen', { lastSeen: null }, 'Last seen'],
    ['one that is not asked again', { retryAt: null }, 'Trying']
  ])('leaves out for %s what is not known', (_what, more, missing) => {
    const text = sentence({
      state: 'unauthorised',
      sentence: 'Refused.',
      retryAt: later(5),
      ...more
    });
    expect(text).toContain('Sign-in needed. Refused.');
    expect(text).not.toContain(missing);
  });

  it('does not count below zero', () => {
    expect(sentence({ state: 'offline', retryAt: later(-3) })).toContain(
      'Trying again now.'
    );
  });
});

describe('staleness', () => {
  it('says since when the kernels of a provider that is away are known', () => {
    const lastSeen = new Date('2026-05-04T09:02:00');
    const away = provider('gpu', { kernelspecs: 'stale', lastSeen });
    expect(staleness(away, trans, now)).toBe(
      `kernels as of ${clock(lastSeen, now)}`
    );
  });

  it.each([
    ['fresh kernels', { kernelspecs: 'fresh' }],
    ['no kernels', { kernelspecs: 'none' }],
    ['an unknown time', { kernelspecs: 'stale', lastSeen: null }]
  ] as const)('says nothing of %s', (_what, more) => {
    expect(staleness(provider('gpu', more), trans, now)).toBe('');
  });
});

describe('clock', () => {
  it('has the time of today, and the day of another day', () => {
    const today = clock(new Date('2026-05-04T00:07:00'), now);
    const yesterday = clock(new Date('2026-05-03T23:07:00'), now);
    expect(today).toContain('07');
    expect(today).not.toContain('2026');
    expect(yesterday).toContain('07');
    expect(yesterday).toContain('2026');
  });
});

describe('age', () => {
  it.each([
    [-5, 'just now'],
    [59, 'just now'],
    [60, '1 min ago'],
    [3599, '59 min ago'],
    [3600, '1 h ago'],
    [86399, '23 h ago'],
    [86400, '1 day ago'],
    [5 * 86400, '5 days ago']
  ])('tells %i seconds as %s', (seconds, expected) => {
    expect(age(later(-seconds), trans, now)).toBe(expected);
  });
});

describe('duration', () => {
  it.each([
    [-5, '0 s'],
    [59.9, '59 s'],
    [80, '1 min 20 s'],
    [3599, '59 min 59 s'],
    [3720, '1 h 2 min']
  ])('tells %d seconds as %s', (seconds, expected) => {
    expect(duration(later(-seconds), trans, now)).toBe(expected);
  });
});

describe('placementSentence', () => {
  it.each([
    [{ kind: 'field', field: 'kernl' }, '{kernl}'],
    [{ kind: 'brace' }, 'brace'],
    [{ kind: 'kernel' }, 'kernel is missing']
  ] as const)('names what is wrong, and the remedy: %j', (problem, what) => {
    const sentence = placementSentence(problem, trans);
    expect(sentence).toContain(what);
    expect(sentence).toContain('{kernel}');
    expect(sentence).toContain('names stay as they are');
  });
});
