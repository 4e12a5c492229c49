import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { Kernel } from '@jupyterlab/services';

import type { IProviderJSON, IProvidersJSON } from '../tokens';

// All of these reject with a `ServerConnection.NetworkError` or `ResponseError` where the
// server cannot be asked, or says that it cannot do it; the message is then a sentence.

const ROUTE = 'api/kernel-providers';

/**
 * Fetch what the server knows of its providers.
 *
 * @returns The answer; null if the server has no such route.
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
 * Have the server ask a provider now.
 *
 * @returns The provider after that, whether or not it has answered.
 */
export async function retryProvider(
  settings: ServerConnection.ISettings,
  id: string
): Promise<IProviderJSON> {
  const init = { method: 'POST' };
  return (await ask(settings, id, 'retry', init)) as IProviderJSON;
}

/** Fetch the kernels that run at a provider and are not this server's. */
export async function fetchElsewhere(
  settings: ServerConnection.ISettings,
  id: string
): Promise<readonly Kernel.IModel[]> {
  const answer = await ask(settings, id, 'kernels', {});
  return (answer as { kernels: Kernel.IModel[] }).kernels;
}

/**
 * Make a kernel that runs at a provider one of this server's.
 *
 * @returns The kernel as this server has it.
 */
export async function attachKernel(
  settings: ServerConnection.ISettings,
  id: string,
  kernelId: string
): Promise<Kernel.IModel> {
  const init = { method: 'POST', body: JSON.stringify({ id: kernelId }) };
  return (await ask(settings, id, 'kernels', init)) as Kernel.IModel;
}

/** Ask for something about one provider. */
async function ask(
  settings: ServerConnection.ISettings,
  id: string,
  what: string,
  init: RequestInit
): Promise<unknown> {
  const url = URLExt.join(
    settings.baseUrl,
    ROUTE,
    encodeURIComponent(id),
    what
  );
  return answerIn(await ServerConnection.makeRequest(url, init, settings));
}

async function answerIn(response: Response): Promise<unknown> {
  if (!response.ok) {
    throw await ServerConnection.ResponseError.create(response);
  }
  return response.json();
}
