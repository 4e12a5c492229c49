/**
 * Wrap a task so that it never runs twice at the same time.
 *
 * A call during a run starts another run after it, as the current run may miss the newest
 * change. All calls during one run share the next run.
 *
 * @param task - The task to run.
 *
 * @returns A function whose promise is settled by the run that the call started or joined.
 */
export function singleFlight(task: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const run = (): Promise<void> => {
    next = null;
    current = task().finally(() => {
      current = null;
    });
    return current;
  };
  return () => {
    if (next !== null) {
      return next;
    }
    if (current === null) {
      return run();
    }
    next = current.then(run, run);
    return next;
  };
}
