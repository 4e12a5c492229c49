// Texts for people, in their language. Pure.
export {
  age,
  briefStatus,
  clock,
  duration,
  nextTry,
  placementText,
  staleness,
  stateWord,
  statusText
} from './messages';
export { failureMessage } from './failures';
export { missingKernelText, noKernelText, noProviderText } from './missing';
export {
  lastingStatusText,
  problemsText,
  shortPath,
  summaryText
} from './summary';
