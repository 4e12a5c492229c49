/** A display name in three parts, which make the whole name when put together. */
export interface INameParts {
  readonly before: string;
  /** What may be cut where there is no room. */
  readonly kernel: string;
  readonly after: string;
}

/**
 * Find the kernel's own name in a display name, so that only that part is ever cut.
 *
 * @param name - The display name, e.g. `Python 3 (gpu-farm)`.
 * @param kernel - The provider's own display name of the kernel, e.g. `Python 3`.
 * @param provider - The provider's label, for a name in which the kernel's is not found.
 *
 * @returns Parts such as those of `Python 3` and ` (gpu-farm)`; what makes a name unique
 * stands outside of the kernel's part.
 */
export function namePartsOf(
  name: string,
  kernel: string,
  provider: string
): INameParts {
  const place = provider === '' ? -1 : name.lastIndexOf(provider);
  const placeEnd = place + provider.length;
  const first = kernel === '' ? -1 : name.indexOf(kernel);
  if (first !== -1) {
    const isInPlace =
      place !== -1 && place <= first && first + kernel.length <= placeEnd;
    const second = isInPlace ? name.indexOf(kernel, placeEnd) : -1;
    const start = second === -1 ? first : second;
    return split(name, start, start + kernel.length);
  }
  if (place === -1) {
    return wholly(name);
  }
  return place > name.length - placeEnd
    ? split(name, 0, place)
    : split(name, placeEnd, name.length);
}

/** A display name that is nothing but the kernel's. */
export function wholly(name: string): INameParts {
  return { before: '', kernel: name, after: '' };
}

function split(name: string, start: number, end: number): INameParts {
  return {
    before: name.slice(0, start),
    kernel: name.slice(start, end),
    after: name.slice(end)
  };
}
