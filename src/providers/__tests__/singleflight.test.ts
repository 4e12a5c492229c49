import { PromiseDelegate } from '@lumino/coreutils';
import { describe, expect, it } from 'vitest';

import { singleFlight } from '../singleflight';

describe('singleFlight', () => {
  /** A task that a test ends. */
  function task() {
    const runs: PromiseDelegate<void>[] = [];
    const ask = singleFlight(() => {
      const run = new PromiseDelegate<void>();
      runs.push(run);
      return run.promise;
    });
    return { runs, ask };
  }

  const settled = (): Promise<void> =>
    new Promise(resolve => setTimeout(resolve));

  it('runs once more for all calls during a run', async () => {
    const { runs, ask } = task();
    const done: string[] = [];
    void ask().then(() => done.push('first'));
    void ask().then(() => done.push('second'));
    void ask().then(() => done.push('third'));
    expect(runs).toHaveLength(1);

    runs[0]?.resolve();
    await settled();
    expect(done).toEqual(['first']);
    expect(runs).toHaveLength(2);

    runs[1]?.resolve();
    await settled();
    expect(done).toEqual(['first', 'second', 'third']);
    expect(runs).toHaveLength(2);
  });

  it('runs again for a later call', async () => {
    const { runs, ask } = task();
    const first = ask();
    runs[0]?.resolve();
    await first;

    void ask();

    expect(runs).toHaveLength(2);
  });

  it('continues after a failure, which only rejects the calls of that run', async () => {
    const { runs, ask } = task();
    const first = ask();
    const second = ask();

    runs[0]?.reject(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await settled();
    runs[1]?.resolve();

    await expect(second).resolves.toBeUndefined();
  });
});
