import type { TranslationBundle } from '@jupyterlab/translation';

import type { IProvider } from '../tokens';

/**
 * Say what is wrong with a provider, in the user's language.
 *
 * The reasons and the English sentences are those of the server, in `gateway/errors.py`;
 * `tests/shared/failures.json` holds both sides to them.
 *
 * @returns A sentence. It is the server's own if the reason has no case here: its words
 * then depend on what the provider said. It is empty if nothing is wrong.
 */
export function failureMessage(
  provider: Pick<IProvider, 'label' | 'reason' | 'detail' | 'message'>,
  trans: TranslationBundle
): string {
  const { label, reason, detail, message } = provider;
  switch (reason) {
    case 'refused':
      return trans.__('%1 refuses connections.', label);
    case 'dns':
      return trans.__('The host name of %1 was not found.', label);
    case 'unreachable':
      return trans.__('%1 cannot be reached: %2.', label, detail);
    case 'timeout':
      return trans.__('%1 did not answer in time.', label);
    case 'reset':
      return trans.__('%1 closed the connection.', label);
    case 'proxy':
      return trans.__('The proxy for %1 cannot be used: %2.', label, detail);
    case 'tls':
      return detail === ''
        ? trans.__('The TLS handshake with %1 failed.', label)
        : trans.__(
            'The certificate of %1 was not accepted: %2.',
            label,
            detail
          );
    case 'server_error':
      return trans.__('%1 answered with an error (%2).', label, detail);
    case 'overloaded':
      return trans.__('%1 receives too many requests (429).', label);
    case 'websocket':
      return trans.__(
        "%1 answers requests, but its kernels cannot be reached (%2): websockets are blocked. A proxy in front of it must pass the headers 'Upgrade' and 'Connection' of HTTP/1.1.",
        label,
        detail
      );
    default:
      return message;
  }
}
