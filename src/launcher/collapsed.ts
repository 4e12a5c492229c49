import type { IStateDB } from '@jupyterlab/statedb';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import { PACKAGE_NAME } from '../tokens';

/** The key in the state database. */
const KEY = `${PACKAGE_NAME}:launcher-collapsed`;

/** Remembers which providers' sections of the launcher the user collapsed or expanded. */
export class CollapsedSections {
  /**
   * @param db - The state database; without it, sections are remembered until a reload.
   */
  constructor(db: IStateDB | null) {
    this._db = db;
    void this._load();
  }

  /** Emitted after a section was collapsed or expanded. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /**
   * Whether a section is collapsed.
   *
   * @param id - The id of the provider.
   * @param byDefault - The result if the user has neither collapsed nor expanded it.
   */
  has(id: string, byDefault: boolean): boolean {
    return this._collapsed.get(id) ?? byDefault;
  }

  /** Collapse or expand a section, and save that. */
  set(id: string, isCollapsed: boolean): void {
    this._collapsed.set(id, isCollapsed);
    this._changed.emit();
    this._db
      ?.save(KEY, Object.fromEntries(this._collapsed))
      .catch((reason: unknown) => {
        console.warn('Could not save the collapsed sections.', reason);
      });
  }

  private async _load(): Promise<void> {
    const saved = await this._db?.fetch(KEY).catch(() => undefined);
    if (typeof saved !== 'object' || saved === null) {
      return;
    }
    for (const [id, isCollapsed] of Object.entries(saved)) {
      // What the user did in the meantime is newer.
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
