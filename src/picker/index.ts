// The dialog in which a kernel is selected.
export { pickerPlugin, ProviderSessionContextDialogs } from './plugin';
