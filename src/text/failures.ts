import type { TranslationBundle } from '@jupyterlab/translation';

import type { IProvider } from '../tokens';

/**
 * Say why a provider is not available, in the user's language.
 *
 * The reasons and the English sentences are those of the server, in `gateway/errors.py`;
 * `tests/shared/failures.json` holds both sides to them.
 *
 * @returns A sentence. It is the server's own if the reason is unknown here, and empty if
 * the provider is available.
 */
export function failureMessage(
  provider: IProvider,
  trans: TranslationBundle
): string {
  const { label, reason, detail, message } = provider;
  const source = provider.source ?? '';
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
    case 'unauthorised':
    case 'forbidden': {
      const status = reason === 'forbidden' ? 403 : 401;
      return detail === ''
        ? trans.__(
            "%1 refused a request without a token (%2). Check the field 'token' in %3.",
            label,
            status,
            source
          )
        : trans.__(
            "%1 refused the token (%2) for %3. Check the field 'token' in %4.",
            label,
            status,
            detail,
            source
          );
    }
    case 'no_secret':
      return trans.__(
        'Cannot sign in to %1: %2 See %3.',
        label,
        detail,
        source
      );
    case 'incompatible':
      return trans.__(
        "%1 does not answer like a Jupyter server: %2. Check the field 'url' in %3: is a base URL like /user/ada/ missing, or is there a login page in front of the server?",
        label,
        detail,
        source
      );
    default:
      return message;
  }
}
