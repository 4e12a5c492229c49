import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { provider } from '../../__tests__/fixtures';
import { summaryOf } from '../../state';
import type { ProviderState } from '../../tokens';
import { lastingStatusText, summaryText } from '../summary';

const trans = nullTranslator.load('');

/** The summary of this server and of remote providers with these states. */
function textOf(...states: ProviderState[]): string {
  const remote = states.map((state, index) =>
    provider(`p${String(index)}`, { state })
  );
  return summaryText(summaryOf([provider('local'), ...remote]), trans);
}

describe('summaryText', () => {
  it('says how many providers are offline', () => {
    expect(textOf('online', 'offline', 'slow')).toBe(
      '1 of 3 providers offline'
    );
    expect(textOf('offline')).toBe('1 of 1 provider offline');
  });

  it('says how many providers are blocked', () => {
    expect(textOf('online', 'blocked')).toBe(
      '1 of 2 providers: websocket blocked'
    );
    expect(textOf('blocked', 'offline')).toBe('2 of 2 providers unavailable');
  });

  it('does not call a provider offline that answers', () => {
    expect(textOf('unauthorised', 'offline', 'online')).toBe(
      '2 of 3 providers unavailable'
    );
    expect(textOf('incompatible')).toBe('1 of 1 provider unavailable');
  });
});

describe('lastingStatusText', () => {
  it('does not say when the provider is asked again', () => {
    const now = new Date('2026-05-04T10:00:00');
    const gpu = provider('gpu', {
      state: 'offline',
      message: 'Cannot reach gpu.',
      retryAt: new Date(now.getTime() + 30_000)
    });

    const message = lastingStatusText(gpu, trans, now);

    expect(message).toContain('Cannot reach gpu.');
    expect(message).not.toContain('Retrying');
  });
});
