// What a notebook shows and does while its kernel is not available.
export { kernelStatusPlugin } from './kernelstatus';
export { unavailablePlugin } from './plugin';
