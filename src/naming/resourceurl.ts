import { NAME_SEPARATOR } from '../tokens';

/** The path segment before a kernel's name in the URL of a resource. */
const RESOURCE_ROUTE = 'kernelspecs';

/**
 * Encode the kernel's name in the URL of one of its resources.
 *
 * For a name such as `gpu-farm/python3`, the server sends
 * `/base/kernelspecs/gpu-farm/python3/logo-64x64.png`, but only answers
 * `/base/kernelspecs/gpu-farm%2Fpython3/logo-64x64.png`.
 *
 * @param url - A path or an absolute URL, with or without query and fragment.
 * @param kernelName - The kernel's name, not encoded.
 *
 * @returns The URL with the name as one encoded segment. It is `url` itself if the name
 * has no `/`, or if the URL has the name encoded already or not in the usual position.
 */
export function encodeResourceUrl(url: string, kernelName: string): string {
  const encodedName = encodeSegment(kernelName);
  if (!kernelName.includes(NAME_SEPARATOR) || encodedName === null) {
    return url;
  }

  const pathEnd = url.search(/[?#]/);
  const path = pathEnd === -1 ? url : url.slice(0, pathEnd);
  const suffix = url.slice(path.length);

  // Read from the end: the base URL before the route may contain the same segments.
  const segments = path.split('/');
  const nameSegments = kernelName.split(NAME_SEPARATOR);
  const nameStart = segments.length - 1 - nameSegments.length;
  if (segments[nameStart - 1] !== RESOURCE_ROUTE) {
    return url;
  }
  const isRaw = nameSegments.every((expected, offset) => {
    const given = segments[nameStart + offset];
    return given === expected || decodeSegment(given) === expected;
  });
  if (!isRaw) {
    return url;
  }
  segments.splice(nameStart, nameSegments.length, encodedName);
  return segments.join('/') + suffix;
}

/** Percent-encode a segment; null for text that is not valid Unicode. */
function encodeSegment(segment: string): string | null {
  try {
    return encodeURIComponent(segment);
  } catch {
    return null;
  }
}

/** Decode a percent-encoded segment; null if it is missing or not validly encoded. */
function decodeSegment(segment: string | undefined): string | null {
  try {
    return segment === undefined ? null : decodeURIComponent(segment);
  } catch {
    return null;
  }
}
