// Fields of the settings form.
export { settingsFormPlugin } from './plugin';
