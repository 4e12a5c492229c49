import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Debouncer, Throttler } from '@lumino/polling';

import { DAMPING, newsOf } from './changes';
import type { ITold } from './changes';
import { Notices } from './toasts';
import { IKernelProviders, PLUGIN_IDS, TRANSLATION_DOMAIN } from '../tokens';

/** Milliseconds in which changes of several providers make one message. */
const GROUPING = 1000;

/** Notifies of providers that cannot be used any more, or can be used again. */
export const notificationsPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_IDS.notifications,
  description: 'Notifies of kernel providers that become unreachable.',
  autoStart: true,
  requires: [IKernelProviders],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    providers: IKernelProviders,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const notices = new Notices(providers, app.commands, trans);
    let told: ReadonlyMap<string, ITold> = new Map();
    const look = (): void => {
      const news = newsOf(
        providers.providers,
        told,
        providers.preferences.notify,
        Date.now()
      );
      told = news.told;
      notices.tell(news);
      if (news.isWaiting) {
        void later.invoke();
      }
    };
    // What changes all the time, as a flapping provider does, must not put it off.
    const soon = new Throttler(look, { limit: GROUPING, edge: 'trailing' });
    const later = new Debouncer(look, DAMPING);
    providers.changed.connect(() => void soon.invoke());
    void providers.ready.then(look);
  }
};
