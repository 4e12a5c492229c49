import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { ReadonlyJSONObject } from '@lumino/coreutils';

import type { ProviderState } from '../tokens';

const ROUTE = 'api/kernel-providers';

/** Stands for a secret that the server has; sent back, it keeps the secret. */
export const SAVED = { saved: true } as const;

/** The fields of a provider's file. */
export type Settings = ReadonlyJSONObject;

/** A provider of the user's own, with its settings. */
export interface IDeclared {
  readonly id: string;
  /** Its name for people; left out if it is not loaded. */
  readonly label?: string;
  /** Its settings with `SAVED` for each secret; null if the user may not change it. */
  readonly settings: Settings | null;
  /** What a change of the settings begins with. */
  readonly revision: string | null;
}

/** What a provider answered that need not be saved yet. */
export interface IProbe {
  readonly state: ProviderState;
  readonly reason: string;
  /** What differs between cases with the same reason. */
  readonly detail: string;
  /** What is wrong, in English; empty if it can be used. */
  readonly message: string;
  /** The path of the field that the message is about; empty if there is none. */
  readonly field: string;
  /** How many kernels it offers. */
  readonly kernels: number;
  /** The product and the version of the server; empty if it does not tell. */
  readonly server: string;
  /** How many milliseconds the answer took; null if there was none. */
  readonly latency_ms: number | null;
  /** Sentences about a provider that can be used. */
  readonly warnings: readonly string[];
}

/** A request that the server refuses; the message is for people, in English. */
export class Refusal extends Error {
  constructor(
    message: string,
    /** A word for programs, such as `stale`; empty if there is none. */
    readonly reason: string,
    /** The path of the field that the message is about; empty if there is none. */
    readonly field: string
  ) {
    super(message);
  }
}

/**
 * The declarations of providers, which are in the user's files on the server.
 *
 * All methods reject with a `Refusal` if the server refuses the request, and with a
 * `ServerConnection.NetworkError` if it cannot be reached.
 */
export class Declarations {
  constructor(settings: ServerConnection.ISettings) {
    this._settings = settings;
  }

  /** Fetch the JSON schema of a provider's settings. */
  async schema(): Promise<ReadonlyJSONObject> {
    return (await this._request('GET', '-/schema')) as ReadonlyJSONObject;
  }

  /**
   * Ask a provider with some settings, which are not saved.
   *
   * @param id - The provider whose saved secrets are meant; empty for a new one.
   */
  async test(id: string, settings: Settings): Promise<IProbe> {
    return (await this._request('POST', '-/test', {
      id,
      settings
    })) as IProbe;
  }

  /**
   * Add a provider.
   *
   * @param id - Its id; if it is empty, the server makes one of the label or the address.
   */
  async add(id: string, settings: Settings): Promise<IDeclared> {
    return (await this._request('POST', '', { id, settings })) as IDeclared;
  }

  /** Fetch a provider's settings. */
  async get(id: string): Promise<IDeclared> {
    return (await this._request('GET', idPath(id))) as IDeclared;
  }

  /**
   * Replace a provider's settings.
   *
   * @param revision - That of the settings that were changed. If they have changed
   * meanwhile, this rejects with a `Refusal` for the reason `stale`.
   */
  async change(
    id: string,
    settings: Settings,
    revision: string | null
  ): Promise<IDeclared> {
    return (await this._request('PUT', idPath(id), {
      settings,
      revision
    })) as IDeclared;
  }

  /** Switch a provider on or off. */
  async switch(id: string, enabled: boolean): Promise<void> {
    await this._request('PATCH', idPath(id), { enabled });
  }

  /** Remove a provider; its kernels keep running. */
  async remove(id: string): Promise<void> {
    await this._request('DELETE', idPath(id));
  }

  /** Undo a removal. */
  async restore(id: string): Promise<void> {
    await this._request('POST', `${idPath(id)}/restore`);
  }

  private async _request(
    method: string,
    path: string,
    body?: object
  ): Promise<unknown> {
    const url = URLExt.join(this._settings.baseUrl, ROUTE, path);
    const init = { method, ...(body && { body: JSON.stringify(body) }) };
    const response = await ServerConnection.makeRequest(
      url,
      init,
      this._settings
    );
    if (!response.ok) {
      throw await refusalIn(response);
    }
    return response.status === 204 ? undefined : response.json();
  }

  private readonly _settings: ServerConnection.ISettings;
}

function idPath(id: string): string {
  return encodeURIComponent(id);
}

async function refusalIn(response: Response): Promise<Refusal> {
  const answer = (await response.json().catch(() => ({}))) as Partial<
    Record<'message' | 'reason' | 'field', string | null>
  >;
  const { message, reason, field } = answer;
  return new Refusal(
    message ?? `${String(response.status)} ${response.statusText}`,
    reason ?? '',
    field ?? ''
  );
}
