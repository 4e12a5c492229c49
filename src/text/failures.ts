import type { TranslationBundle } from '@jupyterlab/translation';

import type { IProvider } from '../tokens';

/**
 * Why a provider is not well, in the user's language; the words are those of
 * `gateway_errors.py`.
 *
 * @returns A sentence; the server's own where its reason is not known here, and empty
 * for a provider that is well.
 */
export function failureSentence(
  provider: IProvider,
  trans: TranslationBundle
): string {
  const { label, reason, detail, sentence } = provider;
  const url = provider.url ?? '';
  const source = provider.source ?? '';
  switch (reason) {
    case 'refused':
      return trans.__('Cannot reach %1 at %2: connection refused.', label, url);
    case 'dns':
      return trans.__(
        'Cannot reach %1 at %2: its name is not known (DNS).',
        label,
        url
      );
    case 'timeout':
      return trans.__(
        'Cannot reach %1 at %2: it did not answer in time.',
        label,
        url
      );
    case 'reset':
      return trans.__(
        'Cannot reach %1 at %2: it closed the connection.',
        label,
        url
      );
    case 'unreachable':
      return trans.__('Cannot reach %1 at %2: %3.', label, url, detail);
    case 'proxy':
      return trans.__(
        'Cannot reach %1 at %2: the proxy cannot be used (%3).',
        label,
        url,
        detail
      );
    case 'overloaded':
      return trans.__(
        'Cannot reach %1 at %2: it has too many requests (429).',
        label,
        url
      );
    case 'server_error':
      return trans.__(
        'Cannot reach %1 at %2: it answered with an error (%3).',
        label,
        url,
        detail
      );
    case 'tls':
      return detail === ''
        ? trans.__(
            'Cannot reach %1 at %2: it does not speak TLS as we do.',
            label,
            url
          )
        : trans.__(
            'Cannot reach %1 at %2: its certificate is not accepted (%3).',
            label,
            url,
            detail
          );
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
        "%1 answered, but not as a Jupyter server: %2. Check the field 'url' in %3: is a base URL like /user/ada/ missing, or is there a log-in page in front of the server?",
        label,
        detail,
        source
      );
    default:
      return sentence;
  }
}
