import { showErrorMessage } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

/**
 * Shut down kernels of one provider, and show an error if some could not be shut down.
 *
 * @param label - The label of the provider.
 *
 * @returns A promise that is fulfilled when all have been tried and the user has closed the
 * error; never rejected.
 */
export async function shutDownKernels(
  kernels: Pick<Kernel.IManager, 'shutdown'>,
  selected: readonly Kernel.IModel[],
  label: string,
  trans: TranslationBundle
): Promise<void> {
  const results = await Promise.allSettled(
    selected.map(({ id }) => kernels.shutdown(id))
  );
  const failures = results.filter(({ status }) => status === 'rejected');
  const [first] = failures;
  if (first?.status === 'rejected') {
    const { reason } = first as { reason: unknown };
    await showErrorMessage(
      trans._n(
        'Could not shut down %1 kernel on %2',
        'Could not shut down %1 kernels on %2',
        failures.length,
        label
      ),
      reason instanceof Error ? reason : String(reason)
    );
  }
}
