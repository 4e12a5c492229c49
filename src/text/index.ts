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
export {
  lastingStatusText,
  problemsText,
  shortPath,
  summaryText
} from './summary';
