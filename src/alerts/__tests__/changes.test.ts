import { describe, expect, it } from 'vitest';

import { DAMPING, newsOf } from '../changes';
import type { INews } from '../changes';
import type { NotifyLevel, ProviderState } from '../../tokens';
import { provider } from '../../__tests__/specimens';

/** Look at providers `a` and `b` again and again. */
class Watch {
  constructor(level: NotifyLevel = 'all') {
    this._level = level;
  }

  /** What is news, e.g. `-a +b` if `a` is lost and `b` back; `…` if more is to come. */
  at(seconds: number, a: ProviderState | null, b?: ProviderState): string {
    const { lost, back, isWaiting, told } = newsOf(
      [
        provider('local', { state: 'offline' }),
        ...(a === null ? [] : [provider('a', { state: a })]),
        ...(b === undefined ? [] : [provider('b', { state: b })])
      ],
      this._told,
      this._level,
      1000 * seconds
    );
    this._told = told;
    return [
      ...lost.map(({ id }) => `-${id}`),
      ...back.map(({ id }) => `+${id}`),
      ...(isWaiting ? ['…'] : [])
    ].join(' ');
  }

  private readonly _level: NotifyLevel;
  private _told: INews['told'] = new Map();
}

describe('newsOf', () => {
  it('does not tell of what was there at first', () => {
    const watch = new Watch();

    expect(watch.at(0, 'offline', 'online')).toBe('');
    expect(watch.at(1, 'offline', 'online')).toBe('');
  });

  it('does not tell what comes of the first check', () => {
    const watch = new Watch();

    watch.at(0, 'checking', 'checking');

    expect(watch.at(1, 'offline', 'online')).toBe('');
  });

  it('does not tell of a provider that was added', () => {
    const watch = new Watch();

    watch.at(0, 'online');

    expect(watch.at(1, 'online', 'offline')).toBe('');
    expect(watch.at(2, 'online', 'online')).toBe('+b');
  });

  it('tells once of each transition', () => {
    const watch = new Watch();

    watch.at(0, 'online');

    expect(watch.at(1, 'offline')).toBe('-a');
    expect(watch.at(2, 'offline')).toBe('');
    expect(watch.at(3, 'online')).toBe('+a');
    expect(watch.at(4, 'online')).toBe('');
  });

  it('tells at once of all that have changed', () => {
    const watch = new Watch();

    watch.at(0, 'online', 'online');

    expect(watch.at(1, 'offline', 'unauthorised')).toBe('-a -b');
  });

  it('does not call it news that a provider is slow, or is asked again', () => {
    const watch = new Watch();

    watch.at(0, 'online');

    expect(watch.at(1, 'slow')).toBe('');
    expect(watch.at(2, 'checking')).toBe('');
    expect(watch.at(3, 'online')).toBe('');
    expect(watch.at(4, 'checking')).toBe('');
    expect(watch.at(5, 'offline')).toBe('-a');
  });

  it('tells of another reason', () => {
    const watch = new Watch();

    watch.at(0, 'offline');

    expect(watch.at(1, 'unauthorised')).toBe('-a');
  });

  it('tells of a provider that comes and goes no more than once a minute', () => {
    const watch = new Watch();
    const minute = DAMPING / 1000;

    watch.at(0, 'online');

    expect(watch.at(1, 'offline')).toBe('-a');
    expect(watch.at(5, 'online')).toBe('+a');
    expect(watch.at(10, 'offline')).toBe('…');
    expect(watch.at(15, 'online')).toBe('');
    expect(watch.at(20, 'offline')).toBe('…');
    expect(watch.at(minute, 'offline')).toBe('…');
    expect(watch.at(minute + 1, 'offline')).toBe('-a');
  });

  it('damps each provider by itself', () => {
    const watch = new Watch();

    watch.at(0, 'online', 'online');
    watch.at(1, 'offline', 'online');
    watch.at(2, 'online', 'online');

    expect(watch.at(3, 'offline', 'offline')).toBe('-b …');
  });

  it('tells of problems only', () => {
    const watch = new Watch('problems');

    watch.at(0, 'online');

    expect(watch.at(1, 'offline')).toBe('-a');
    expect(watch.at(2, 'online')).toBe('');
    expect(watch.at(100, 'offline')).toBe('-a');
  });

  it('tells nothing', () => {
    const watch = new Watch('none');

    watch.at(0, 'online');

    expect(watch.at(1, 'offline')).toBe('');
    expect(watch.at(2, 'online')).toBe('');
  });

  it('takes it for no trouble that a provider is switched off or removed', () => {
    const watch = new Watch();

    watch.at(0, 'online', 'online');

    expect(watch.at(1, 'off', 'online')).toBe('');
    expect(watch.at(2, null, 'online')).toBe('');
  });
});
