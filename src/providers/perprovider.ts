import { DisposableSet } from '@lumino/disposable';
import type { IDisposable } from '@lumino/disposable';

import type { IKernelProviders } from '../tokens';

/**
 * Keep disposable items for each provider, such as items of a menu.
 *
 * The items are replaced only when providers come, go or change places: an open command
 * palette loses its active item when items are disposed.
 *
 * @param make - Returns the items for the provider with an id.
 */
export function keepPerProvider(
  providers: Pick<IKernelProviders, 'providers' | 'changed'>,
  make: (id: string) => IDisposable[]
): void {
  let items = new DisposableSet();
  let shown = '';
  const fill = (): void => {
    const ids = providers.providers.map(({ id }) => id);
    if (JSON.stringify(ids) !== shown) {
      shown = JSON.stringify(ids);
      items.dispose();
      items = DisposableSet.from(ids.flatMap(make));
    }
  };
  providers.changed.connect(fill);
  fill();
}
