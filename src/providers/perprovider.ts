import { DisposableSet } from '@lumino/disposable';
import type { IDisposable } from '@lumino/disposable';

import type { IKernelProviders } from '../tokens';

/**
 * Keep something for each provider, such as items of a menu.
 *
 * They are made anew only where other providers are there: an open palette, for one, loses
 * its active item with each that goes.
 *
 * @param make - Makes what there is for a provider, by its id.
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
