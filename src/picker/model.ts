import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, Session } from '@jupyterlab/services';
import { VDomModel } from '@jupyterlab/ui-components';

import {
  isElsewhere,
  keyOf,
  languageOf,
  missingName,
  preselected
} from './choices';
import type { IElsewhere, IKernelSource, KernelChoice } from './choices';
import { filtered, kernelGroups } from './groups';
import type { IKernelGroup } from './groups';
import { isWell } from '../providers/model';
import { LOCAL_ID } from '../tokens';
import type { IKernelProviders, IProvider } from '../tokens';

/** How many rows a page is. */
const PAGE = 8;

/** Where to go from the row that is active. */
export type Step =
  'next' | 'previous' | 'pageDown' | 'pageUp' | 'first' | 'last';

/**
 * What a session can be given, what is shown of that, and what is chosen.
 *
 * It follows the server, and keeps what the user has typed and picked.
 */
export class PickerModel extends VDomModel {
  constructor(context: ISessionContext, providers: IKernelProviders) {
    super();
    this.context = context;
    this.providers = providers;
    this._source = sourceOf(context, this._elsewhere);
    this._initial = preselected(this._source, providers);
    this._allGroups = kernelGroups(this._source, providers);
    this._groups = this._allGroups;
    for (const signal of [
      providers.changed,
      context.specsManager.specsChanged,
      context.sessionManager.runningChanged,
      context.kernelManager?.runningChanged,
      context.kernelChanged,
      context.statusChanged
    ]) {
      signal?.connect(this._read, this);
    }
  }

  /** Whom a kernel is chosen for. */
  readonly context: ISessionContext;

  readonly providers: IKernelProviders;

  /** Whether a kernel can be started at all. */
  get canStart(): boolean {
    return this._source.preference.canStart !== false;
  }

  /** Whether it is known which kernels there are. */
  get isKnown(): boolean {
    return this._source.specs !== null;
  }

  /** See `languageOf`. */
  get language(): string {
    return languageOf(this._source);
  }

  /** See `missingName`. */
  get missingName(): string {
    return missingName(this._source);
  }

  /** All groups, whatever the text to filter by. */
  get allGroups(): readonly IKernelGroup[] {
    return this._allGroups;
  }

  /** The groups and rows that the text leaves. */
  get groups(): readonly IKernelGroup[] {
    return this._groups;
  }

  /** How many rows the text leaves. */
  get found(): number {
    return this._shown().length;
  }

  /** The text to filter by. Typing takes back a choice of no kernel. */
  get text(): string {
    return this._text;
  }
  set text(text: string) {
    this._text = text;
    this._isRevealing = false;
    this._groups = filtered(this._allGroups, text);
    if (this._picked === null) {
      this._picked = undefined;
    }
    this.stateChanged.emit();
  }

  /**
   * The choice that Enter accepts; undefined if there is none.
   *
   * It is what the user has picked, or what is chosen at first; while the text hides
   * that, the first kernel that is shown, but never "no kernel".
   */
  get active(): KernelChoice | undefined {
    const chosen = this._picked === undefined ? this._initial : this._picked;
    const shown = this._shown();
    const isThere =
      chosen === null ||
      (chosen !== undefined &&
        shown.some(choice => keyOf(choice) === keyOf(chosen)));
    if (isThere) {
      return chosen;
    }
    return this._text.trim() === '' ? undefined : shown[0];
  }

  /** Make a choice active. */
  pick(choice: KernelChoice): void {
    this._picked = choice;
    this._isRevealing = false;
    this.stateChanged.emit();
  }

  /**
   * Make another row active. "No kernel", the last one, is reached by single steps only,
   * so that nobody comes upon it in a hurry.
   */
  step(step: Step): void {
    const choices = [...this._shown(), null];
    const { active } = this;
    const index =
      active === undefined
        ? -1
        : choices.findIndex(choice => keyOf(choice) === keyOf(active));
    const choice = choices[destination(step, index, choices.length - 1)];
    if (choice !== undefined) {
      this.pick(choice);
    }
  }

  /** The remote providers, those that are switched off aside. */
  get remotes(): readonly IProvider[] {
    return this.providers.providers.filter(
      ({ id, state }) => id !== LOCAL_ID && state !== 'off'
    );
  }

  /** Whether providers are being asked for kernels that were started elsewhere. */
  get isAsking(): boolean {
    return this._isAsking;
  }

  /**
   * How many kernels that were started elsewhere have been found, and how many providers
   * could not say; null before they are asked for.
   */
  get elsewhere(): { readonly found: number; readonly failed: number } | null {
    const rows = this._allGroups.flatMap(group => group.rows);
    const answers = [...this._elsewhere.values()];
    return answers.length === 0
      ? null
      : {
          found: rows.filter(isElsewhere).length,
          failed: answers.filter(({ failure }) => failure !== '').length
        };
  }

  /** The choice that has to be in sight; that is the active one, unless others were asked for. */
  get inSight(): KernelChoice | undefined {
    const found = this._isRevealing
      ? this._groups.flatMap(({ rows }) => rows).find(isElsewhere)
      : undefined;
    return found?.choice ?? this.active;
  }

  /** Ask all providers that are well for kernels that were started elsewhere. */
  async askElsewhere(): Promise<void> {
    this._isAsking = true;
    this._isRevealing = true;
    this.stateChanged.emit();
    await Promise.all(
      this.remotes.filter(isWell).map(async ({ id }) => {
        const answer = await this._elsewhereAt(id);
        this._elsewhere = new Map([...this._elsewhere, [id, answer]]);
        this._read();
      })
    );
    this._isAsking = false;
    this.stateChanged.emit();
  }

  private async _elsewhereAt(id: string): Promise<IElsewhere> {
    try {
      return {
        kernels: await this.providers.kernelsElsewhere(id),
        failure: ''
      };
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      return { kernels: [], failure };
    }
  }

  private readonly _read = (): void => {
    if (this.isDisposed) {
      return;
    }
    this._source = sourceOf(this.context, this._elsewhere);
    this._initial = preselected(this._source, this.providers);
    this._allGroups = kernelGroups(this._source, this.providers);
    this._groups = filtered(this._allGroups, this._text);
    this.stateChanged.emit();
  };

  private _shown(): KernelChoice[] {
    return this._groups.flatMap(({ rows }) => rows.map(row => row.choice));
  }

  private _elsewhere: IKernelSource['elsewhere'] = new Map();
  private _isAsking = false;
  private _isRevealing = false;
  private _source: IKernelSource;
  private _initial: KernelChoice | undefined;
  private _allGroups: readonly IKernelGroup[];
  private _groups: readonly IKernelGroup[];
  private _text = '';
  private _picked: KernelChoice | undefined = undefined;
}

/**
 * The index of the row that a step leads to.
 *
 * @param index - That of the active row, -1 if there is none.
 * @param end - That of the row after the last kernel's.
 */
function destination(step: Step, index: number, end: number): number {
  const top = end === 0 ? index : 0;
  const last = Math.max(index, end - 1);
  switch (step) {
    case 'next':
      return Math.min(index + 1, end);
    case 'previous':
      return Math.max(index - 1, top);
    case 'pageDown':
      return Math.min(index + PAGE, last);
    case 'pageUp':
      return Math.max(index - PAGE, top);
    case 'first':
      return top;
    case 'last':
      return last;
  }
}

/** What a session can be given at this moment. */
function sourceOf(
  context: ISessionContext,
  elsewhere: IKernelSource['elsewhere']
): IKernelSource {
  const { kernelManager, kernelPreference, sessionManager, specsManager } =
    context;
  const sessions = [...sessionManager.running()];
  const running = [...(kernelManager?.running() ?? kernelsOf(sessions))];
  const kernel = context.session?.kernel ?? null;
  const isDead = kernel?.status === 'dead';
  return {
    specs: specsManager.specs,
    running,
    sessions,
    elsewhere,
    path: context.path,
    current: kernel === null || isDead ? null : modelOf(kernel, running),
    preference: isDead
      ? { ...kernelPreference, name: kernel.name }
      : kernelPreference
  };
}

/** A kernel as the server tells of it, but for its state, which its connection knows best. */
function modelOf(
  kernel: Kernel.IKernelConnection,
  running: readonly Kernel.IModel[]
): Kernel.IModel {
  const model = running.find(({ id }) => id === kernel.id) ?? kernel.model;
  return { ...model, execution_state: kernel.status };
}

function kernelsOf(sessions: readonly Session.IModel[]): Kernel.IModel[] {
  return sessions.flatMap(({ kernel }) => kernel ?? []);
}
