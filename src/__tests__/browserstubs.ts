// Stubs for what JupyterLab needs and jsdom does not have. Import this file first.
import { vi } from 'vitest';

vi.stubGlobal('DragEvent', class extends MouseEvent {});
vi.stubGlobal('matchMedia', () => ({
  addListener: () => undefined,
  removeListener: () => undefined
}));
vi.stubGlobal('requestIdleCallback', (callback: () => void) =>
  setTimeout(callback)
);
vi.stubGlobal(
  'ResizeObserver',
  class {
    observe(): void {
      return;
    }
    disconnect(): void {
      return;
    }
  }
);
Element.prototype.scrollIntoView = () => undefined;
