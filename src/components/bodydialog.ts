import { Dialog } from '@jupyterlab/apputils';

/**
 * A dialog whose body has buttons of its own.
 *
 * Up to JupyterLab 4.5, a dialog takes Enter away from them. All dialogs know only elements
 * that existed before the body was rendered, so that Tab would not reach the body again.
 */
export class BodyDialog<T> extends Dialog<T> {
  protected override _evtKeydown(event: KeyboardEvent): void {
    const { target } = event;
    const body = this.node.querySelector('.jp-Dialog-body');
    const isOwnButton =
      target instanceof HTMLElement &&
      target.matches('button, summary, textarea') &&
      body?.contains(target) === true;
    if (event.key === 'Enter' && (isOwnButton || event.isComposing)) {
      return;
    }
    const buttons = this.node.querySelectorAll('.jp-Dialog-footer button');
    const isLast = target === buttons[buttons.length - 1];
    const first = body?.querySelector<HTMLElement>('input, select, button');
    if (event.key === 'Tab' && !event.shiftKey && isLast && first) {
      event.preventDefault();
      first.focus();
      return;
    }
    super._evtKeydown(event);
  }
}
