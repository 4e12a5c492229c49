// Adding, changing and removing providers.
export { editingPlugin } from './plugin';
