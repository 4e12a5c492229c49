import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, Session } from '@jupyterlab/services';
import { VDomModel } from '@jupyterlab/ui-components';

import { kernelLabels } from '../naming';
import type { IKernelLabel } from '../naming';
import { isAvailable } from '../state';
import { LOCAL_ID } from '../tokens';
import type { IKernelProviders, IProvider } from '../tokens';
import {
  isOtherKernel,
  keyOf,
  languageOf,
  preselected,
  unavailableName
} from './choices';
import type { IKernelSource, IOtherKernels, KernelChoice } from './choices';
import { filtered, kernelGroups } from './groups';
import type { IKernelGroup } from './groups';

/** The number of rows that Page Up and Page Down move by. */
const PAGE = 8;

/** A move from the active row to another row. */
export type Step =
  'next' | 'previous' | 'pageDown' | 'pageUp' | 'first' | 'last';

/**
 * The kernels that a session can have, the rows that are shown, and the active choice.
 *
 * It follows changes of the server, and keeps the text and the choice of the user.
 */
export class PickerModel extends VDomModel {
  constructor(context: ISessionContext, providers: IKernelProviders) {
    super();
    this.context = context;
    this.providers = providers;
    this._source = sourceOf(context, this._otherKernels);
    this._initial = preselected(this._source, providers);
    this._allGroups = kernelGroups(this._source, providers);
    this._labels = this._labelKernels();
    this._show(this._allGroups);
    for (const signal of [
      providers.changed,
      context.specsManager.specsChanged,
      context.sessionManager.runningChanged,
      context.kernelManager?.runningChanged,
      context.kernelChanged,
      context.statusChanged
    ]) {
      signal?.connect(this._update, this);
    }
  }

  /** The session that a kernel is chosen for. */
  readonly context: ISessionContext;

  readonly providers: IKernelProviders;

  /** Whether the session may start kernels. */
  get canStart(): boolean {
    return this._source.preference.canStart !== false;
  }

  /** Whether the catalog is known. */
  get isKnown(): boolean {
    return this._source.specs !== null;
  }

  /** See `languageOf`. */
  get language(): string {
    return languageOf(this._source);
  }

  /** See `unavailableName`. */
  get unavailableName(): string {
    return unavailableName(this._source);
  }

  /** All groups, without the filter. */
  get allGroups(): readonly IKernelGroup[] {
    return this._allGroups;
  }

  /** The groups and rows that match the filter. */
  get groups(): readonly IKernelGroup[] {
    return this._groups;
  }

  /** The labels of kernels, by kernel name. */
  get labels(): ReadonlyMap<string, IKernelLabel> {
    return this._labels;
  }

  /** The number of rows that match the filter. */
  get found(): number {
    return this._choices.length;
  }

  /** The filter. Typing takes back the choice "no kernel". */
  get text(): string {
    return this._text;
  }
  set text(text: string) {
    this._text = text;
    this._isRevealing = false;
    this._show(filtered(this._allGroups, text));
    if (this._picked === null) {
      this._picked = undefined;
    }
    this.stateChanged.emit();
  }

  /**
   * The choice that Enter accepts; undefined if there is none.
   *
   * It is the user's choice, or else the initial one. While the filter hides that, it is
   * the first kernel that is shown, but never "no kernel".
   */
  get active(): KernelChoice | undefined {
    const chosen = this._picked === undefined ? this._initial : this._picked;
    const isShown =
      chosen === null ||
      (chosen !== undefined && this._positions.has(keyOf(chosen)));
    if (isShown) {
      return chosen;
    }
    // The row of the same kernel in its provider's group: a filter hides the others.
    const own = chosen && 'name' in chosen ? { name: chosen.name } : undefined;
    if (own !== undefined && this._positions.has(keyOf(own))) {
      return own;
    }
    return this._text.trim() === '' ? undefined : this._choices[0];
  }

  /** Make a choice active. */
  pick(choice: KernelChoice): void {
    this._picked = choice;
    this._isRevealing = false;
    this.stateChanged.emit();
  }

  /**
   * Make another row active. Only single steps reach "no kernel", the last row, so that
   * it is not chosen by accident.
   */
  step(step: Step): void {
    const { active } = this;
    const end = this._choices.length;
    const index =
      active === undefined ? -1 : (this._positions.get(keyOf(active)) ?? end);
    const choice = [...this._choices, null][destination(step, index, end)];
    if (choice !== undefined) {
      this.pick(choice);
    }
  }

  /** The remote providers that are not switched off. */
  get remotes(): readonly IProvider[] {
    return this.providers.providers.filter(
      ({ id, state }) => id !== LOCAL_ID && state !== 'off'
    );
  }

  /** Whether a request for other kernels is running. */
  get isAsking(): boolean {
    return this._isAsking;
  }

  /**
   * The number of other kernels that were found, and of providers that did not list
   * theirs; null before the first request.
   */
  get otherKernelsResult(): {
    readonly found: number;
    readonly failed: number;
  } | null {
    const rows = this._allGroups.flatMap(group => group.rows);
    const answers = [...this._otherKernels.values()];
    return answers.length === 0
      ? null
      : {
          found: rows.filter(isOtherKernel).length,
          failed: answers.filter(({ failure }) => failure !== '').length
        };
  }

  /** The choice to scroll to: the active one, or the first other kernel after a request. */
  get scrollTarget(): KernelChoice | undefined {
    const found = this._isRevealing
      ? this._groups.flatMap(({ rows }) => rows).find(isOtherKernel)
      : undefined;
    return found?.choice ?? this.active;
  }

  /** Ask all available providers for other kernels. */
  async askForOtherKernels(): Promise<void> {
    this._isAsking = true;
    this._isRevealing = true;
    this.stateChanged.emit();
    await Promise.all(
      this.remotes.filter(isAvailable).map(async ({ id }) => {
        const answer = await this._otherKernelsAt(id);
        this._otherKernels = new Map([...this._otherKernels, [id, answer]]);
        this._update();
      })
    );
    this._isAsking = false;
    this.stateChanged.emit();
  }

  private async _otherKernelsAt(id: string): Promise<IOtherKernels> {
    try {
      return {
        kernels: await this.providers.otherKernels(id),
        failure: ''
      };
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      return { kernels: [], failure };
    }
  }

  private readonly _update = (): void => {
    if (this.isDisposed) {
      return;
    }
    this._source = sourceOf(this.context, this._otherKernels);
    this._initial = preselected(this._source, this.providers);
    this._allGroups = kernelGroups(this._source, this.providers);
    this._labels = this._labelKernels();
    this._show(filtered(this._allGroups, this._text));
    this.stateChanged.emit();
  };

  private _labelKernels(): ReadonlyMap<string, IKernelLabel> {
    const { placement } = this.providers.preferences;
    return kernelLabels(this._source.specs, placement);
  }

  private _show(groups: readonly IKernelGroup[]): void {
    this._groups = groups;
    this._choices = groups.flatMap(({ rows }) => rows.map(row => row.choice));
    this._positions = new Map(
      this._choices.map((choice, index) => [keyOf(choice), index])
    );
  }

  private _otherKernels: IKernelSource['otherKernels'] = new Map();
  private _isAsking = false;
  private _isRevealing = false;
  private _source: IKernelSource;
  private _initial: KernelChoice | undefined;
  private _allGroups: readonly IKernelGroup[];
  private _labels: ReadonlyMap<string, IKernelLabel>;
  private _groups: readonly IKernelGroup[] = [];
  /** The choices that are shown, in order, and their positions by key. */
  private _choices: readonly KernelChoice[] = [];
  private _positions: ReadonlyMap<string, number> = new Map();
  private _text = '';
  private _picked: KernelChoice | undefined = undefined;
}

/**
 * Return the index of the row that a step leads to.
 *
 * @param index - The index of the active row; -1 if there is none.
 * @param end - The index of "no kernel", the row after the last kernel.
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

/** Collect the kernels that a session can have now. */
function sourceOf(
  context: ISessionContext,
  otherKernels: IKernelSource['otherKernels']
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
    otherKernels,
    path: context.path,
    current: kernel === null || isDead ? null : modelOf(kernel, running),
    preference: isDead
      ? { ...kernelPreference, name: kernel.name }
      : kernelPreference
  };
}

/** Return the server's model of a kernel with the newer status of its connection. */
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
