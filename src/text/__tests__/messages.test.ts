import { readFileSync } from 'node:fs';

import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import type { ProviderState } from '../../tokens';
import {
  age,
  clock,
  duration,
  placementText,
  staleness,
  stateWord,
  statusText
} from '../messages';

const trans = nullTranslator.load('');
const now = new Date('2026-05-04T09:30:00');
const later = (seconds: number): Date => new Date(+now + 1000 * seconds);
const eight = { kernels: 8, running: 0 };

describe('stateWord', () => {
  it('has a different word for each state, the same as the server', () => {
    const shared = JSON.parse(
      readFileSync('tests/shared/states.json', 'utf8')
    ) as Record<ProviderState, string>;
    const states = Object.keys(shared) as ProviderState[];
    const words = states.map(state => stateWord(state, trans));

    expect(words).toEqual(Object.values(shared));
    expect(new Set(words).size).toBe(states.length);
    expect(words).not.toContain('');
  });
});

describe('statusText', () => {
  const text = (more: Parameters<typeof provider>[1], counts = eight): string =>
    statusText(provider('gpu', more), counts, trans, now);

  it.each([
    [8, 2, '42 ms · 8 kernels, 2 running'],
    [8, 0, '42 ms · 8 kernels'],
    [1, 1, '42 ms · 1 kernel, 1 running'],
    [0, 0, '42 ms · 0 kernels']
  ])('counts %i kernels and %i running', (kernels, running, expected) => {
    expect(text({}, { kernels, running })).toBe(expected);
  });

  it('has no latency if there is none, as for this server', () => {
    expect(text({ latency: null })).toBe('8 kernels');
  });

  it('has the latency of a slow provider in seconds', () => {
    expect(text({ state: 'slow', latency: 3240 })).toBe(
      'answers in 3.2 s · 8 kernels'
    );
  });

  it('says that a provider that is checked has not answered', () => {
    expect(text({ state: 'checking' })).toBe('gpu has not answered yet.');
  });

  it('says how to turn on a provider', () => {
    expect(text({ state: 'off' })).toBe(
      'To turn it on, edit /etc/jupyter/gpu.json.'
    );
    expect(text({ state: 'off', source: null })).toBe('');
  });

  it('says why a provider is offline, when it was last seen, and when it is asked again', () => {
    const lastSeen = new Date('2026-05-04T09:02:00');
    expect(
      text({
        state: 'offline',
        message: 'Cannot reach gpu: connection refused.',
        lastSeen,
        retryAt: later(29.4)
      })
    ).toBe(
      'Cannot reach gpu: connection refused. ' +
        `Last seen ${clock(lastSeen, now)}. Retrying in 30 s.`
    );
  });

  it('says only that a provider is blocked, as it is still asked', () => {
    expect(
      text({
        state: 'blocked',
        reason: 'websocket',
        detail: 'no answer',
        message: 'As the server says.',
        retryAt: later(5)
      })
    ).toBe(
      'gpu answers requests, but its kernels cannot be reached (no answer): ' +
        "websockets are blocked. A proxy in front of it must pass the headers 'Upgrade' " +
        "and 'Connection' of HTTP/1.1."
    );
  });

  it.each([
    ['a provider that was never seen', { lastSeen: null }, 'Last seen'],
    ['a provider that is not asked again', { retryAt: null }, 'Retrying']
  ])('leaves out what is unknown for %s', (_what, more, missing) => {
    const unknown = text({
      state: 'unauthorised',
      message: 'Refused.',
      retryAt: later(5),
      ...more
    });
    expect(unknown).toContain('Refused.');
    expect(unknown).not.toContain(missing);
  });

  it('does not count below zero', () => {
    expect(text({ state: 'offline', retryAt: later(-3) })).toContain(
      'Retrying now.'
    );
  });
});

describe('staleness', () => {
  it('says when the kernels of an unavailable provider were last listed', () => {
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
  ] as const)('is empty for %s', (_what, more) => {
    expect(staleness(provider('gpu', more), trans, now)).toBe('');
  });
});

describe('clock', () => {
  it('has the date unless it is today', () => {
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
  ])('formats %i seconds as %s', (seconds, expected) => {
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
  ])('formats %d seconds as %s', (seconds, expected) => {
    expect(duration(later(-seconds), trans, now)).toBe(expected);
  });
});

describe('placementText', () => {
  it.each([
    [{ kind: 'field', field: 'kernl' }, '{kernl}'],
    [{ kind: 'brace' }, 'brace'],
    [{ kind: 'kernel' }, '{kernel} is missing']
  ] as const)('says what is wrong and how to fix it: %j', (problem, what) => {
    const message = placementText(problem, trans);
    expect(message).toContain(what);
    expect(message).toContain('{kernel}');
    expect(message).toContain('Names do not change');
  });
});
