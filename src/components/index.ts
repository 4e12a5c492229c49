// React components that several features use.
export { Announcer } from './announcer';
export { BodyDialog } from './bodydialog';
export { BusyButton } from './busybutton';
export { Countdown } from './countdown';
export { Elapsed } from './elapsed';
export { KernelLabel } from './kernellabel';
export { initialOf, KernelLogo } from './kernellogo';
export { ProblemList } from './problemlist';
export { RetryButton } from './retrybutton';
export { Star } from './star';
export { StateIcon, stateIcon, WarningIcon } from './stateicon';
export { useNow } from './usenow';
