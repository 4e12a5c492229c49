/** Where the paths of Jupyter's applications begin, below a server's base URL. */
const APPLICATIONS: ReadonlySet<string> = new Set([
  'lab',
  'tree',
  'notebooks',
  'edit',
  'doc',
  'consoles',
  'terminals',
  'files',
  'view',
  'login'
]);

/** The address of a server, and a token that was in it; empty if there was none. */
export interface IServerAddress {
  readonly url: string;
  readonly token: string;
}

/**
 * Find the address of a server in an address as people copy it from a browser.
 *
 * `https://gpu.example.org/user/ada/lab/tree/a.ipynb?token=abc` is the address
 * `https://gpu.example.org/user/ada/` with the token `abc`. What is no web address is
 * returned as it is. The server's part has the same function;
 * `tests/shared/addresses.json` has examples for both.
 */
export function serverAddress(copied: string): IServerAddress {
  const trimmed = copied.trim();
  const found = /^(https?:\/\/[^/?#]+)([^?#]*)(?:\?([^#]*))?(?:#.*)?$/i.exec(
    trimmed
  );
  if (found === null || hostIn(trimmed) === '') {
    return { url: trimmed, token: '' };
  }
  const [, server = '', path = '', query = ''] = found;
  const segments = path.split('/');
  const end = segments.findIndex(segment => APPLICATIONS.has(segment));
  return {
    url:
      server + (end === -1 ? path : [...segments.slice(0, end), ''].join('/')),
    token: new URLSearchParams(query).get('token') ?? ''
  };
}

/** Return the host of an address, with its port if it has one; empty if it is no address. */
export function hostIn(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return '';
  }
}
