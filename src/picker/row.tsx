import type { Kernel, KernelSpec } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { KernelLabel, KernelLogo } from '../components';
import { providerOf } from '../naming';
import type { IKernelLabel } from '../naming';
import { age } from '../text';
import type { KernelPhase } from '../tokens';
import { isOtherKernel, keyOf } from './choices';
import type { IConnectRow, IStartRow, KernelChoice } from './choices';
import type { ITranslations } from './translations';

/** Return the id of a row's element. */
export function rowId(choice: KernelChoice): string {
  return `kpe-row-${encodeURIComponent(keyOf(choice))}`;
}

interface IRowProps {
  readonly isActive: boolean;
  /** The word for the state of a provider; empty if all is well with it. */
  readonly stateNote: string;
  readonly label: IKernelLabel | undefined;
  /** Whether the row is under the heading of a provider. */
  readonly isPlaceKnown: boolean;
  readonly translations: ITranslations;
}

/** An option, with the same value as in the stock dialog. */
function Row(
  props: React.PropsWithChildren<
    Pick<IRowProps, 'isActive'> & {
      choice: KernelChoice;
      title?: string;
      isDisabled?: boolean;
      className?: string;
    }
  >
): React.JSX.Element {
  const { choice, isActive, isDisabled, title, children } = props;
  const classes = [
    'kpe-Picker-row',
    isActive && 'jp-mod-active',
    props.className
  ];
  return (
    <div
      role="option"
      id={rowId(choice)}
      className={classes.filter(Boolean).join(' ')}
      aria-selected={isActive}
      aria-disabled={isDisabled}
      data-value={keyOf(choice)}
      title={title}
    >
      {children}
    </div>
  );
}

/** The row of a kernel that can be started. */
export const StartRow = React.memo(
  (props: IRowProps & Pick<IStartRow, 'choice' | 'spec'>) => {
    const { choice, spec, isActive, stateNote, label, isPlaceKnown } = props;
    return (
      <Row choice={choice} isActive={isActive} title={spec.display_name}>
        <Logo spec={spec} />
        <span className="kpe-Picker-lines">
          <KernelLabel
            label={label ?? { name: spec.display_name, place: '' }}
            isPlaceKnown={isPlaceKnown}
          />
        </span>
        <span className="kpe-Picker-note">
          {[spec.language, stateNote].filter(Boolean).join(' · ')}
        </span>
      </Row>
    );
  }
);

/** The row of a running kernel. */
export function ConnectRow(
  props: IRowProps & {
    row: IConnectRow;
    phase: KernelPhase | undefined;
    now: Date;
  }
): React.JSX.Element {
  const { row, isActive, stateNote, translations, now } = props;
  const { trans } = translations;
  const { kernel, spec } = row;
  const name = spec?.display_name ?? kernel.name;
  // A provider may send none, or an unknown format.
  const lastUse = new Date(kernel.last_activity ?? '');
  const target = row.users.join(', ') || name;
  const facts = [
    // The status of a kernel is unknown or of no use if its provider has trouble.
    stateNote || kernelStatus(kernel, props.phase, translations),
    Number.isNaN(lastUse.getTime()) ? '' : age(lastUse, trans, now),
    shortId(kernel.id),
    isOtherKernel(row) && kernel.connections
      ? trans._n('%1 connection', '%1 connections', kernel.connections)
      : ''
  ];
  return (
    <Row
      choice={row.choice}
      isActive={isActive}
      title={titleOf(row, name, translations)}
    >
      <Logo spec={spec} />
      <span className="kpe-Picker-lines">
        <span className="kpe-Picker-line">
          {row.isCurrent
            ? currentText(row.users, trans)
            : trans.__('Connect to %1', target)}
        </span>
        <span className="kpe-Picker-note">
          {isOtherKernel(row) ? (
            trans.__('From another session')
          ) : (
            <KernelLabel
              label={props.label ?? { name, place: '' }}
              isPlaceKnown={props.isPlaceKnown}
            />
          )}
          <span>{['', ...facts.filter(Boolean)].join(' · ')}</span>
        </span>
      </span>
    </Row>
  );
}

/** Return the word for the status of a kernel; empty if it is unknown. */
function kernelStatus(
  { execution_state = '' }: Kernel.IModel,
  phase: KernelPhase | undefined,
  { trans, statuses }: ITranslations
): string {
  return phase === 'reconnecting'
    ? trans.__('Reconnecting')
    : (statuses.get(phase ?? execution_state) ?? '');
}

/** Name the current kernel and its users, as selecting another kernel shuts it down. */
function currentText(
  users: readonly string[],
  trans: TranslationBundle
): string {
  return users.length === 0
    ? trans.__('Current kernel')
    : trans.__('Current kernel, also used by %1', users.join(', '));
}

/** The row "No Kernel". */
export function NoKernelRow(
  props: Pick<IRowProps, 'isActive' | 'translations'> & {
    /** Whether the session has a kernel, which would be shut down. */
    hasKernel: boolean;
    isDisabled: boolean;
  }
): React.JSX.Element {
  const { isActive, isDisabled, hasKernel, translations } = props;
  return (
    <Row
      choice={null}
      isActive={isActive}
      isDisabled={isDisabled}
      className="kpe-Picker-none"
    >
      <span>{translations.lab.__('No Kernel')}</span>
      {hasKernel && (
        <span className="kpe-Picker-note">
          {translations.trans.__('Shuts down the current kernel')}
        </span>
      )}
    </Row>
  );
}

function Logo({
  spec
}: {
  spec: KernelSpec.ISpecModel | undefined;
}): React.JSX.Element {
  const { resources = {}, display_name = '' } = spec ?? {};
  return (
    <KernelLogo
      url={resources['logo-svg'] || resources['logo-64x64']}
      name={(spec && providerOf(spec)?.kernel) || display_name}
      imageClass="kpe-KernelLogo"
      letterClass="kpe-KernelLogo kpe-mod-letter"
    />
  );
}

function shortId(kernelId: string): string {
  return kernelId.slice(0, 8);
}

/** Return the title that the stock dialog has for a running kernel. */
function titleOf(
  row: IConnectRow,
  name: string,
  { lab }: ITranslations
): string {
  return [
    ...row.paths.map(path => lab.__('Path: %1', path)),
    lab.__('Kernel Name: %1', name),
    lab.__('Kernel Id: %1', row.kernel.id)
  ].join('\n');
}
