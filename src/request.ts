import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type { IProviderJSON, IProvidersJSON } from './tokens';

const ROUTE = 'api/kernel-providers';

/**
 * Fetch what the server knows of its providers.
 *
 * @returns The answer; null if the server has no such route.
 *
 * Rejects with a `ServerConnection.NetworkError` or `ResponseError` where the server
 * cannot be asked.
 */
export async function fetchProviders(
  settings: ServerConnection.ISettings
): Promise<IProvidersJSON | null> {
  const response = await ServerConnection.makeRequest(
    URLExt.join(settings.baseUrl, ROUTE),
    {},
    settings
  );
  if (response.status === 404) {
    return null;
  }
  if (!response.ok) {
    throw await ServerConnection.ResponseError.create(response);
  }
  return (await response.json()) as IProvidersJSON;
}

/**
 * Have the server ask a provider now.
 *
 * @returns The provider after that, whether or not it has answered.
 *
 * Rejects as `fetchProviders` does.
 */
export async function retryProvider(
  settings: ServerConnection.ISettings,
  id: string
): Promise<IProviderJSON> {
  const response = await ServerConnection.makeRequest(
    URLExt.join(settings.baseUrl, ROUTE, encodeURIComponent(id), 'retry'),
    { method: 'POST' },
    settings
  );
  if (!response.ok) {
    throw await ServerConnection.ResponseError.create(response);
  }
  return (await response.json()) as IProviderJSON;
}
