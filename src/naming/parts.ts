/** A display name in three parts; joined, they are the whole name. */
export interface INameParts {
  readonly before: string;
  /** The part that may be cut off if there is too little room. */
  readonly kernel: string;
  readonly after: string;
}

/**
 * Find the kernel's own name in a display name, so that only that part is ever cut off.
 *
 * @param name - The display name, e.g. `Python 3 (gpu-farm)`.
 * @param kernel - The kernel's display name at its provider, e.g. `Python 3`.
 * @param provider - The provider's label, used if `name` does not contain `kernel`.
 *
 * @returns Parts such as `Python 3` and ` (gpu-farm)`. A suffix that makes the name
 * unique is never in the kernel's part.
 */
export function namePartsOf(
  name: string,
  kernel: string,
  provider: string
): INameParts {
  const label = provider === '' ? -1 : name.lastIndexOf(provider);
  const labelEnd = label + provider.length;
  const first = kernel === '' ? -1 : name.indexOf(kernel);
  if (first !== -1) {
    const isInLabel =
      label !== -1 && label <= first && first + kernel.length <= labelEnd;
    const second = isInLabel ? name.indexOf(kernel, labelEnd) : -1;
    const start = second === -1 ? first : second;
    return split(name, start, start + kernel.length);
  }
  if (label === -1) {
    return wholly(name);
  }
  return label > name.length - labelEnd
    ? split(name, 0, label)
    : split(name, labelEnd, name.length);
}

/** Return a display name whose only part is the kernel's. */
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
