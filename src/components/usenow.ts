import * as React from 'react';

/**
 * The time, for texts that tell ages.
 *
 * @param interval - After how many milliseconds it is told again.
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
