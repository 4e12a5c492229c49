import * as React from 'react';

/**
 * Return the current time, and render again after each interval.
 *
 * @param interval - Milliseconds.
 */
export function useNow(interval: number): Date {
  const [now, setNow] = React.useState(() => new Date());
  React.useEffect(() => {
    const timer = setInterval(() => {
      setNow(new Date());
    }, interval);
    return () => {
      clearInterval(timer);
    };
  }, [interval]);
  return now;
}
