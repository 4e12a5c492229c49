import { describe, expect, it } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import type { NotifyLevel, ProviderState } from '../../tokens';
import { changesOf, WARNING_INTERVAL } from '../changes';
import type { IChanges } from '../changes';

/** Reports the changes of the providers `a` and `b`. */
class Watch {
  constructor(level: NotifyLevel = 'all') {
    this._level = level;
  }

  /** What is changes, e.g. `-a +b` if `a` is lost and `b` back; `…` if more is to come. */
  at(seconds: number, a: ProviderState | null, b?: ProviderState): string {
    const { lost, back, isWaiting, reported } = changesOf(
      [
        provider('local', { state: 'offline' }),
        ...(a === null ? [] : [provider('a', { state: a })]),
        ...(b === undefined ? [] : [provider('b', { state: b })])
      ],
      this._reported,
      this._level,
      1000 * seconds
    );
    this._reported = reported;
    return [
      ...lost.map(({ id }) => `-${id}`),
      ...back.map(({ id }) => `+${id}`),
      ...(isWaiting ? ['…'] : [])
    ].join(' ');
  }

  private readonly _level: NotifyLevel;
  private _reported: IChanges['reported'] = new Map();
}

describe('changesOf', () => {
  it('does not report the first state', () => {
    const watch = new Watch();

    expect(watch.at(0, 'offline', 'online')).toBe('');
    expect(watch.at(1, 'offline', 'online')).toBe('');
  });

  it('does not report the result of the first check', () => {
    const watch = new Watch();

    watch.at(0, 'checking', 'checking');

    expect(watch.at(1, 'offline', 'online')).toBe('');
  });

  it('does not report a provider that was added', () => {
    const watch = new Watch();

    watch.at(0, 'online');

    expect(watch.at(1, 'online', 'offline')).toBe('');
    expect(watch.at(2, 'online', 'online')).toBe('+b');
  });

  it('reports each change once', () => {
    const watch = new Watch();

    watch.at(0, 'online');

    expect(watch.at(1, 'offline')).toBe('-a');
    expect(watch.at(2, 'offline')).toBe('');
    expect(watch.at(3, 'online')).toBe('+a');
    expect(watch.at(4, 'online')).toBe('');
  });

  it('reports that a provider is blocked, and that it no longer is, once each', () => {
    const watch = new Watch();

    watch.at(0, 'online');

    expect(watch.at(1, 'blocked')).toBe('-a');
    expect(watch.at(2, 'blocked')).toBe('');
    expect(watch.at(3, 'online')).toBe('+a');
    expect(watch.at(100, 'offline')).toBe('-a');
    expect(watch.at(200, 'blocked')).toBe('-a');
    expect(watch.at(300, 'slow')).toBe('+a');
  });

  it('reports all changes at the same time', () => {
    const watch = new Watch();

    watch.at(0, 'online', 'online');

    expect(watch.at(1, 'offline', 'unauthorised')).toBe('-a -b');
  });

  it('does not report that a provider is slow or is checked again', () => {
    const watch = new Watch();

    watch.at(0, 'online');

    expect(watch.at(1, 'slow')).toBe('');
    expect(watch.at(2, 'checking')).toBe('');
    expect(watch.at(3, 'online')).toBe('');
    expect(watch.at(4, 'checking')).toBe('');
    expect(watch.at(5, 'offline')).toBe('-a');
  });

  it('reports another state that needs attention', () => {
    const watch = new Watch();

    watch.at(0, 'offline');

    expect(watch.at(1, 'unauthorised')).toBe('-a');
  });

  it('reports an unstable provider at most once a minute', () => {
    const watch = new Watch();
    const minute = WARNING_INTERVAL / 1000;

    watch.at(0, 'online');

    expect(watch.at(1, 'offline')).toBe('-a');
    expect(watch.at(5, 'online')).toBe('+a');
    expect(watch.at(10, 'offline')).toBe('…');
    expect(watch.at(15, 'online')).toBe('');
    expect(watch.at(20, 'offline')).toBe('…');
    expect(watch.at(minute, 'offline')).toBe('…');
    expect(watch.at(minute + 1, 'offline')).toBe('-a');
  });

  it('holds back each provider separately', () => {
    const watch = new Watch();

    watch.at(0, 'online', 'online');
    watch.at(1, 'offline', 'online');
    watch.at(2, 'online', 'online');

    expect(watch.at(3, 'offline', 'offline')).toBe('-b …');
  });

  it('reports problems only', () => {
    const watch = new Watch('problems');

    watch.at(0, 'online');

    expect(watch.at(1, 'offline')).toBe('-a');
    expect(watch.at(2, 'online')).toBe('');
    expect(watch.at(100, 'offline')).toBe('-a');
  });

  it('reports nothing', () => {
    const watch = new Watch('none');

    watch.at(0, 'online');

    expect(watch.at(1, 'offline')).toBe('');
    expect(watch.at(2, 'online')).toBe('');
  });

  it('does not report a provider that is switched off or removed', () => {
    const watch = new Watch();

    watch.at(0, 'online', 'online');

    expect(watch.at(1, 'off', 'online')).toBe('');
    expect(watch.at(2, null, 'online')).toBe('');
  });
});
