import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { RJSFSchema, UiSchema as AnyUiSchema } from '@rjsf/utils';

type UiSchema = AnyUiSchema<ReadonlyJSONObject>;

/** The fields that everybody needs, in their order. */
export const BASIC = ['url', 'token', 'label'] as const;

/** All other fields that the form has, in their order. */
export const ADVANCED = [
  'auth',
  'tls',
  'proxy',
  'accept_cookies',
  'timeouts',
  'refresh_interval',
  'include',
  'exclude',
  'max_kernelspecs',
  'resources',
  'env',
  'on_server_exit'
] as const;

/** Names of the form's own kinds of fields, see `form.tsx`. */
export const SECRET = 'secret';
export const LIST = 'list';

/** Return the schema of some fields of a provider. */
export function schemaOf(
  schema: ReadonlyJSONObject,
  names: readonly string[]
): RJSFSchema {
  const { properties = {}, $defs } = schema as {
    properties?: Record<string, RJSFSchema>;
    $defs?: Record<string, RJSFSchema>;
  };
  return {
    type: 'object',
    ...($defs && { $defs }),
    // The server completes what is left out; the form must not write it down.
    properties: Object.fromEntries(
      names
        .filter(name => name in properties)
        .map(name => [name, withoutDefaults(properties[name] ?? {})])
    )
  };
}

/** Return the texts and the widgets of all fields, in the user's language. */
export function uiSchemaOf(
  trans: TranslationBundle,
  defaultLabel: string
): UiSchema {
  const field = (
    title: string,
    description = '',
    more: UiSchema = {}
  ): UiSchema => ({
    'ui:title': title,
    'ui:description': description,
    ...more
  });
  const list = (title: string, description: string): UiSchema =>
    field(title, description, { 'ui:field': LIST });
  return {
    url: field(
      trans.__('Address'),
      trans.__(
        'Copy it from a browser or a log. For a server behind SSH, forward a port: ssh -L 8889:localhost:8888 gpu-box'
      ),
      {
        'ui:placeholder': 'https://gpu.example.org:8888/',
        'ui:autofocus': true
      }
    ),
    token: field(trans.__('Token'), '', { 'ui:field': SECRET }),
    label: field(trans.__('Name'), '', { 'ui:placeholder': defaultLabel }),
    auth: field(trans.__('Sign-in'), '', {
      scheme: field(
        trans.__('Scheme'),
        trans.__('The word before the token.'),
        {
          'ui:placeholder': 'token'
        }
      ),
      header: field(
        trans.__('Header'),
        trans.__('The header that has the token.'),
        {
          'ui:placeholder': 'Authorization'
        }
      ),
      user: field(
        trans.__('User'),
        trans.__('For a password instead of a token.')
      ),
      password: field(trans.__('Password'), '', { 'ui:field': SECRET })
    }),
    tls: field(trans.__('TLS'), '', {
      ca: field(
        trans.__('Certificate authority'),
        trans.__('The path of a PEM file on the Jupyter server.')
      ),
      certificate: field(trans.__('Client certificate')),
      key: field(trans.__('Client key')),
      verify: field(trans.__('Check the certificate'), '', {
        'ui:widget': 'select'
      })
    }),
    proxy: field(trans.__('HTTP proxy'), '', {
      'ui:placeholder': 'http://proxy.example.org:3128'
    }),
    accept_cookies: field(
      trans.__('Return cookies'),
      trans.__('Needed by load balancers with sticky sessions.')
    ),
    timeouts: field(trans.__('Timeouts in seconds'), '', {
      connect: field(trans.__('To connect'), '', { 'ui:placeholder': '5' }),
      request: field(trans.__('For an answer'), '', { 'ui:placeholder': '20' }),
      start: field(trans.__('For the start of a kernel'), '', {
        'ui:placeholder': '600'
      })
    }),
    refresh_interval: field(trans.__('Ask for kernels every (seconds)'), '', {
      'ui:placeholder': '60'
    }),
    include: list(
      trans.__('Offer only these kernels'),
      trans.__('Patterns with commas between them, like python*, ir.')
    ),
    exclude: list(trans.__('Do not offer these kernels'), ''),
    max_kernelspecs: field(trans.__('Offer at most'), '', {
      'ui:placeholder': '2000'
    }),
    resources: field(
      trans.__('Files of kernels'),
      trans.__('With “all”, scripts of the server run in some front ends.')
    ),
    env: list(
      trans.__('Environment variables to pass on'),
      trans.__('Their names, with commas between them.')
    ),
    on_server_exit: field(
      trans.__('When this server stops'),
      trans.__('What happens to kernels that it started.')
    )
  };
}

function withoutDefaults(schema: RJSFSchema): RJSFSchema {
  const { properties, $ref } = schema;
  if ($ref?.endsWith('/located') === true) {
    return { type: 'object' }; // the library would complete it
  }
  const rest = { ...schema };
  delete rest.default;
  delete rest.description; // the form has its own, in the user's language
  return properties === undefined
    ? rest
    : {
        ...rest,
        properties: Object.fromEntries(
          Object.entries(properties).map(([name, inner]) => [
            name,
            typeof inner === 'boolean' ? inner : withoutDefaults(inner)
          ])
        )
      };
}
