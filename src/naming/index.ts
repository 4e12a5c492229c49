// The names of kernels, and the URLs of their resources. Pure.
export {
  displayName,
  placementProblem,
  PLACEMENTS,
  templateOf,
  withDisplayNames
} from './displayname';
export type { PlacementProblem } from './displayname';
export { kernelLabels, nameAtProvider } from './labels';
export type { IKernelLabel } from './labels';
export { providerOf, withReadableMetadata } from './metadata';
export { encodeResourceUrl } from './resourceurl';
export { shortName, shortOwnName } from './shorten';
