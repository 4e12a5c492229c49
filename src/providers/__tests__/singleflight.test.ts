import { PromiseDelegate } from '@lumino/coreutils';
import { describe, expect, it } from 'vitest';

import { oneAtATime } from '../singleflight';

describe('oneAtATime', () => {
  /** A task that ends when it is told to. */
  function task() {
    const runs: PromiseDelegate<void>[] = [];
    const ask = oneAtATime(() => {
      const run = new PromiseDelegate<void>();
      runs.push(run);
      return run.promise;
    });
    return { runs, ask };
  }

  const settled = (): Promise<void> =>
    new Promise(resolve => setTimeout(resolve));

  it('runs again for those who ask while it runs, once for all of them', async () => {
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

  it('begins anew for those who ask later', async () => {
    const { runs, ask } = task();
    const first = ask();
    runs[0]?.resolve();
    await first;

    void ask();

    expect(runs).toHaveLength(2);
  });

  it('goes on after a failure, of which only those hear who asked for it', async () => {
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
