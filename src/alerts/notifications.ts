import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Debouncer, Throttler } from '@lumino/polling';

import { IKernelProviders, PLUGIN_IDS, TRANSLATION_DOMAIN } from '../tokens';
import { CompanionNotice } from './companionnotice';
import { changesOf, WARNING_INTERVAL, withNew } from './changes';
import type { IReported } from './changes';
import { Toasts } from './toasts';

/** Milliseconds within which changes of several providers make one message. */
const GROUPING = 1000;

/**
 * Shows notifications about providers that become unavailable, or available again, about
 * files of providers that break, and about a server without our companion.
 */
export const notificationsPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_IDS.notifications,
  description: 'Shows notifications about unavailable kernel providers.',
  autoStart: true,
  requires: [IKernelProviders],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    providers: IKernelProviders,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const companion = new CompanionNotice(trans);
    const toasts = new Toasts(providers, app.commands, trans);
    let reported: ReadonlyMap<string, IReported> = new Map();
    let broken: ReadonlySet<string> | null = null;
    const update = (): void => {
      companion.check(
        !providers.hasCompanion && providers.preferences.notify !== 'none'
      );
      const changes = changesOf(
        providers.providers,
        reported,
        providers.preferences.notify,
        Date.now()
      );
      reported = changes.reported;
      toasts.show(changes);
      // Those that the page has found are in its launcher.
      const before = broken;
      broken = new Set(providers.problems.map(({ source }) => source));
      if (before !== null && providers.preferences.notify !== 'none') {
        toasts.showProblems(
          providers.problems.filter(({ source }) => !before.has(source))
        );
      }
      if (changes.isWaiting) {
        void later.invoke();
      }
    };
    // A throttler, as an unstable provider would postpone a debouncer again and again.
    const soon = new Throttler(update, { limit: GROUPING, edge: 'trailing' });
    const later = new Debouncer(update, WARNING_INTERVAL);
    providers.changed.connect(() => {
      // At once, as a provider may fail right after it was added.
      reported = withNew(providers.providers, reported);
      void soon.invoke();
    });
    void providers.ready.then(update);
  }
};
