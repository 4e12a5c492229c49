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
export { namePartsOf, wholly } from './parts';
export type { INameParts } from './parts';
export { encodeResourceUrl } from './resourceurl';
export { shortName } from './shorten';
