import type { ContextMenu } from '@lumino/widgets';

import { COMMAND_IDS } from '../tokens';
import type { IKernelProviders } from '../tokens';
import { keepPerProvider } from './perprovider';

/**
 * Keep the commands about each provider in the context menu of an element about it.
 *
 * @param selectorOf - Returns the selector of that element. It gets the provider's id as a
 * quoted string.
 */
export function fillContextMenu(
  contextMenu: Pick<ContextMenu, 'addItem'>,
  providers: Pick<IKernelProviders, 'providers' | 'changed'>,
  selectorOf: (quotedId: string) => string
): void {
  keepPerProvider(providers, id =>
    Object.values(COMMAND_IDS).map((command, rank) =>
      contextMenu.addItem({
        command,
        args: { id },
        rank,
        // Ids are ASCII without quotes.
        selector: selectorOf(JSON.stringify(id))
      })
    )
  );
}
