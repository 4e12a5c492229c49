/**
 * Make a task that never runs twice at a time.
 *
 * Who asks for it while it runs gets a run that begins after that one, which may have
 * missed what has changed meanwhile; all who ask during one run share the next.
 *
 * @param task - What to run.
 *
 * @returns A function that runs it; its promise is that of the run which it asked for.
 */
export function oneAtATime(task: () => Promise<void>): () => Promise<void> {
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
