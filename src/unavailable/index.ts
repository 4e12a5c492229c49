// What a notebook shows and does while its kernel is not available.
export { unavailablePlugin } from './plugin';
