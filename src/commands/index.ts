// Commands about one provider: retry, details, shut down its kernels.
export { commandsPlugin } from './plugin';
