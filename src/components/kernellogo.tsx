import * as React from 'react';

interface IProps {
  readonly url: string | undefined;
  /** The kernel's own name, as the letter must not be its provider's. */
  readonly name: string;
  readonly imageClass: string;
  readonly letterClass: string;
}

/** The logo of a kernel; the first letter of its name if there is no logo. */
export function KernelLogo(props: IProps): React.JSX.Element {
  const { url, name, imageClass, letterClass } = props;
  const [broken, setBroken] = React.useState('');
  return url !== undefined && url !== '' && url !== broken ? (
    <img
      // Before `src`: React sets attributes in this order, and `src` starts the request.
      loading="lazy"
      src={url}
      className={imageClass}
      // The name is next to it.
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
