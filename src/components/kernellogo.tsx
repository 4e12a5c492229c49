import * as React from 'react';

interface IProps {
  readonly url: string | undefined;
  /** The kernel's own name: the letter must not be its provider's. */
  readonly name: string;
  readonly imageClass: string;
  readonly letterClass: string;
}

/** The logo of a kernel; the first letter of its name where there is none to be had. */
export function KernelLogo(props: IProps): React.JSX.Element {
  const { url, name, imageClass, letterClass } = props;
  const [broken, setBroken] = React.useState('');
  return url !== undefined && url !== '' && url !== broken ? (
    <img
      // Before `src`, lest it be too late: attributes are set in this order.
      loading="lazy"
      src={url}
      className={imageClass}
      // The name stands beside it.
      alt=""
      onError={() => {
        setBroken(url);
      }}
    />
  ) : (
    <div className={letterClass} aria-hidden="true">
      {initialOf(name)}
    </div>
  );
}

/** The first letter of a text; empty for an empty one. */
export function initialOf(text: string): string {
  const [first = ''] = text.trim();
  return first.toLocaleUpperCase();
}
