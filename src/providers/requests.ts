import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { Kernel } from '@jupyterlab/services';
import type { IProviderJSON, IProvidersJSON } from './rest';

// All of these reject with a `ServerConnection.NetworkError` if the server cannot be
// reached, and with a `ResponseError` whose message is for people if it refuses.

const ROUTE = 'api/kernel-providers';

/**
 * Fetch the providers.
 *
 * @returns The answer; null if the server has no companion, and thus no such route.
 */
export async function fetchProviders(
  settings: ServerConnection.ISettings
): Promise<IProvidersJSON | null> {
  const response = await ServerConnection.makeRequest(
    URLExt.join(settings.baseUrl, ROUTE),
    {},
    settings
  );
  return response.status === 404
    ? null
    : ((await answerIn(response)) as IProvidersJSON);
}

/**
 * Make the server ask a provider now.
 *
 * @returns The provider after the attempt, available or not.
 */
export async function retryProvider(
  settings: ServerConnection.ISettings,
  id: string
): Promise<IProviderJSON> {
  const init = { method: 'POST' };
  return (await request(settings, id, 'retry', init)) as IProviderJSON;
}

/** Fetch the kernels at a provider that this server did not start. */
export async function fetchOtherKernels(
  settings: ServerConnection.ISettings,
  id: string
): Promise<readonly Kernel.IModel[]> {
  const answer = await request(settings, id, 'kernels', {});
  return (answer as { kernels: Kernel.IModel[] }).kernels;
}

/**
 * Attach a kernel at a provider to this server.
 *
 * @returns The kernel as this server lists it.
 */
export async function attachKernel(
  settings: ServerConnection.ISettings,
  id: string,
  kernelId: string
): Promise<Kernel.IModel> {
  const init = { method: 'POST', body: JSON.stringify({ id: kernelId }) };
  return (await request(settings, id, 'kernels', init)) as Kernel.IModel;
}

/** Send a request about one provider. */
async function request(
  settings: ServerConnection.ISettings,
  id: string,
  resource: string,
  init: RequestInit
): Promise<unknown> {
  const url = URLExt.join(
    settings.baseUrl,
    ROUTE,
    encodeURIComponent(id),
    resource
  );
  return answerIn(await ServerConnection.makeRequest(url, init, settings));
}

async function answerIn(response: Response): Promise<unknown> {
  if (!response.ok) {
    throw await ServerConnection.ResponseError.create(response);
  }
  return response.json();
}
