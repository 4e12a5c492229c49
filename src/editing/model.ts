import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomModel } from '@jupyterlab/ui-components';
import { JSONExt } from '@lumino/coreutils';
import type { ReadonlyJSONObject } from '@lumino/coreutils';

import { Refusal } from '../providers';
import type { Declarations, IDeclared, IProbe, Settings } from '../providers';
import { isAvailable } from '../state';
import { failureMessage } from '../text';
import { hostIn, serverAddress } from './address';

/** What is wrong with the settings. */
export interface IFailure {
  readonly message: string;
  /** A word for programs, such as `stale`; empty if there is none. */
  readonly reason: string;
  /** The path of the field that it is about; empty if there is none. */
  readonly field: string;
}

/** What the form waits for. */
export type Busy = 'testing' | 'saving';

/** The options of a `ProviderFormModel`. */
export interface IProviderFormOptions {
  readonly declarations: Pick<Declarations, 'test' | 'add' | 'get' | 'change'>;
  /** The JSON schema of a provider's settings. */
  readonly schema: ReadonlyJSONObject;
  readonly trans: TranslationBundle;
  /** The provider that is changed; null for a new one. */
  readonly declared: IDeclared | null;
  /** The settings to begin with; by default, those of `declared`. */
  readonly settings?: Settings;
}

/**
 * The settings of a provider while they are edited, and what a test of them has found.
 *
 * What was typed stays, whatever the server answers.
 */
export class ProviderFormModel extends VDomModel {
  constructor(options: IProviderFormOptions) {
    super();
    this.schema = options.schema;
    this.trans = options.trans;
    this._declarations = options.declarations;
    this._declared = options.declared;
    this._settings = withAddress(
      options.settings ?? options.declared?.settings ?? {}
    );
  }

  readonly schema: ReadonlyJSONObject;
  readonly trans: TranslationBundle;

  /** The provider that is changed; null for a new one. */
  get declared(): IDeclared | null {
    return this._declared;
  }

  get settings(): Settings {
    return this._settings;
  }
  set settings(settings: Settings) {
    if (!JSONExt.deepEqual(settings, this._settings)) {
      this._settings = settings;
      this._become({ failure: null, found: null });
    }
  }

  /**
   * Find the server and the token in an address that was copied from a browser. This is for
   * an address that is complete, as one that is being typed may only begin like another.
   */
  understand(): void {
    this.settings = withAddress(this._settings);
  }

  /** The id of a new provider; empty to let the server make one. */
  get id(): string {
    return this._id;
  }
  set id(id: string) {
    this._id = id;
    this._become({ failure: null });
  }

  /** What is wrong; null if nothing is known to be. */
  get failure(): IFailure | null {
    return this._failure;
  }

  /** What the provider answered to these settings; null if it was not asked. */
  get found(): IProbe | null {
    return this._found;
  }

  /** What it waits for; null if for nothing. */
  get busy(): Busy | null {
    return this._busy;
  }

  /** Whether the provider cannot be used with these settings, and can be saved anyway. */
  get isDoubtful(): boolean {
    return this._found !== null && !isAvailable(this._found);
  }

  /** Its name for people. */
  get label(): string {
    const { label } = this._settings;
    return typeof label === 'string' && label.trim() !== ''
      ? label
      : this.defaultLabel;
  }

  /** The name that it gets if the user gives none. */
  get defaultLabel(): string {
    const { url } = this._settings;
    return this._declared?.id ?? (typeof url === 'string' ? hostIn(url) : '');
  }

  /**
   * Ask the provider; `found` or `failure` has the result.
   *
   * @returns A promise of whether it can be used; never rejected.
   */
  async test(): Promise<boolean> {
    this.understand();
    await this._during('testing', () => this._ask());
    return this._found !== null && isAvailable(this._found);
  }

  /**
   * Save the settings, unless a test finds that the provider cannot be used with them.
   * After such a test, they are saved.
   *
   * @returns A promise of the saved provider, or of null if it was not saved; never
   * rejected.
   */
  async save(): Promise<IDeclared | null> {
    let saved: IDeclared | null = null;
    this.understand();
    await this._during('saving', async () => {
      if (this._found === null && !(await this._ask())) {
        return;
      }
      if (this.isDisposed) {
        return; // the user has cancelled
      }
      saved = await this._save();
    });
    return saved;
  }

  /** Fetch the provider's present settings, in place of those that are edited. */
  async reload(): Promise<void> {
    const { id } = this._declared ?? {};
    if (id !== undefined) {
      await this._during('testing', async () => {
        this._declared = await this._declarations.get(id);
        this._settings = this._declared.settings ?? {};
        this._found = null;
      });
    }
  }

  private async _ask(): Promise<boolean> {
    const settings = this._settings;
    const found = await this._declarations.test(
      this._declared?.id ?? this._id,
      settings
    );
    if (settings !== this._settings) {
      return false; // it is about what was typed before
    }
    const { reason, field } = found;
    const message = failureMessage({ ...found, label: this.label }, this.trans);
    const failure = isAvailable(found) ? null : { message, reason, field };
    this._become({ found, failure });
    return failure === null;
  }

  private _save(): Promise<IDeclared> {
    const { _declared: declared, _settings: settings } = this;
    return declared === null
      ? this._declarations.add(this._id, settings)
      : this._declarations.change(declared.id, settings, declared.revision);
  }

  /** Do something unless it is busy; a failure of it is shown. */
  private async _during(
    busy: Busy,
    act: () => Promise<unknown>
  ): Promise<void> {
    if (this._busy !== null) {
      return;
    }
    this._busy = busy;
    this._become({ failure: null });
    try {
      await act();
    } catch (error) {
      this._become({ failure: failureOf(error) });
    }
    this._busy = null;
    this.stateChanged.emit();
  }

  private _become(change: {
    failure?: IFailure | null;
    found?: IProbe | null;
  }): void {
    const { failure = this._failure, found = this._found } = change;
    this._failure = failure;
    this._found = found;
    this.stateChanged.emit();
  }

  private readonly _declarations: IProviderFormOptions['declarations'];
  private _declared: IDeclared | null;
  private _settings: Settings;
  private _id = '';
  private _failure: IFailure | null = null;
  private _found: IProbe | null = null;
  private _busy: Busy | null = null;
}

/** Take the token out of an address that was copied from a browser. */
function withAddress(settings: Settings): Settings {
  if (typeof settings['url'] !== 'string') {
    return settings;
  }
  const { url, token } = serverAddress(settings['url']);
  return {
    ...settings,
    url,
    ...(token !== '' && { token: { value: token } })
  };
}

function failureOf(error: unknown): IFailure {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof Refusal
    ? { message, reason: error.reason, field: error.field }
    : { message, reason: '', field: '' };
}
