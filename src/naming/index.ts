// The names of kernels, and the URLs of their resources. Pure.
export {
  displayName,
  placementProblem,
  PLACEMENTS,
  providerOf,
  templateOf,
  withDisplayNames
} from './displayname';
export type { PlacementProblem } from './displayname';
export { kernelLabels } from './labels';
export type { IKernelLabel } from './labels';
export { encodeResourceUrl } from './resourceurl';
export { shortName } from './shorten';
