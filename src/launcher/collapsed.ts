import type { IStateDB } from '@jupyterlab/statedb';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import { PACKAGE_NAME } from '../tokens';

/** Where the state database keeps them. */
const KEY = `${PACKAGE_NAME}:launcher-collapsed`;

/** Which providers' sections of the launcher a user has collapsed, or opened. */
export class CollapsedSections {
  /**
   * @param db - Remembers them; without one they are forgotten with the page.
   */
  constructor(db: IStateDB | null) {
    this._db = db;
    void this._load();
  }

  /** Emitted when a section was collapsed or opened. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /**
   * Whether a section is collapsed.
   *
   * @param id - The id of the provider.
   * @param byDefault - Whether it is if the user has not said.
   */
  has(id: string, byDefault: boolean): boolean {
    return this._collapsed.get(id) ?? byDefault;
  }

  /** Collapse or open a section, and remember it. */
  set(id: string, isCollapsed: boolean): void {
    this._collapsed.set(id, isCollapsed);
    this._changed.emit();
    this._db
      ?.save(KEY, Object.fromEntries(this._collapsed))
      .catch((reason: unknown) => {
        console.warn('The collapsed sections are not remembered.', reason);
      });
  }

  private async _load(): Promise<void> {
    const saved = await this._db?.fetch(KEY).catch(() => undefined);
    if (typeof saved !== 'object' || saved === null) {
      return;
    }
    for (const [id, isCollapsed] of Object.entries(saved)) {
      // What the user did meanwhile is newer.
      if (typeof isCollapsed === 'boolean' && !this._collapsed.has(id)) {
        this._collapsed.set(id, isCollapsed);
      }
    }
    this._changed.emit();
  }

  private readonly _db: IStateDB | null;
  private readonly _collapsed = new Map<string, boolean>();
  private readonly _changed = new Signal<this, void>(this);
}
