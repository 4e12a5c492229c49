import type { Kernel, KernelSpec } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { isElsewhere, keyOf } from './choices';
import type { IConnectRow, IStartRow, KernelChoice } from './choices';
import { KernelLogo } from '../components/kernellogo';
import { KernelName } from '../components/kernellabel';
import { providerOf } from '../naming/displayname';
import { age } from '../text/messages';
import type { KernelPhase } from '../tokens';
import type { IWords } from '../text/translations';

/** The id of the element of a row. */
export function rowId(choice: KernelChoice): string {
  return `kpe-row-${encodeURIComponent(keyOf(choice))}`;
}

interface IRowProps {
  readonly isActive: boolean;
  /** Of a provider that is not well, the word for its state; otherwise empty. */
  readonly trouble: string;
  readonly words: IWords;
}

/** An option; its value is that of stock's option. */
function Row(
  props: React.PropsWithChildren<
    Pick<IRowProps, 'isActive' | 'trouble'> & {
      choice: KernelChoice;
      title?: string;
      isDisabled?: boolean;
      className?: string;
    }
  >
): React.JSX.Element {
  const { choice, isActive, isDisabled, title, trouble, children } = props;
  const classes = [
    'kpe-Picker-row',
    isActive && 'jp-mod-active',
    trouble !== '' && 'kpe-mod-stale',
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
  (props: IRowProps & Pick<IStartRow, 'spec'>) => {
    const { spec, isActive, trouble } = props;
    return (
      <Row
        choice={{ name: spec.name }}
        isActive={isActive}
        trouble={trouble}
        title={spec.display_name}
      >
        <Logo spec={spec} />
        <KernelName spec={spec} />
        <span className="kpe-Picker-note">
          {[spec.language, trouble].filter(Boolean).join(' · ')}
        </span>
      </Row>
    );
  }
);

/** The row of a kernel that runs. */
export function ConnectRow(
  props: IRowProps & {
    row: IConnectRow;
    phase: KernelPhase | undefined;
    now: Date;
  }
): React.JSX.Element {
  const { row, isActive, trouble, words, now } = props;
  const { trans } = words;
  const { kernel, spec } = row;
  const name = spec?.display_name ?? kernel.name;
  // A provider may tell of none, or in a way that is not known.
  const lastUse = new Date(kernel.last_activity ?? '');
  const who = row.users.join(', ') || name;
  const facts = [
    // Of a kernel at a provider that is not well, the state is not known.
    trouble || stateOf(kernel, props.phase, words),
    Number.isNaN(lastUse.getTime()) ? '' : age(lastUse, trans, now),
    shortId(kernel.id),
    isElsewhere(row) && kernel.connections
      ? trans._n('%1 connection', '%1 connections', kernel.connections)
      : ''
  ];
  return (
    <Row
      choice={row.choice}
      isActive={isActive}
      trouble={trouble}
      title={titleOf(row, name, words)}
    >
      <Logo spec={spec} />
      <span className="kpe-Picker-lines">
        <span className="kpe-Picker-line">
          {row.isCurrent
            ? currentText(row.users, trans)
            : trans.__('Connect to %1', who)}
        </span>
        <span className="kpe-Picker-note">
          {isElsewhere(row) ? (
            trans.__('Started elsewhere')
          ) : spec === undefined ? (
            name
          ) : (
            <KernelName spec={spec} />
          )}
          <span>{['', ...facts.filter(Boolean)].join(' · ')}</span>
        </span>
      </span>
    </Row>
  );
}

/** The word for the state of a kernel; empty where it is not known. */
function stateOf(
  { execution_state = '' }: Kernel.IModel,
  phase: KernelPhase | undefined,
  { trans, statuses }: IWords
): string {
  return phase === 'reconnecting'
    ? trans.__('Reconnecting')
    : (statuses.get(phase ?? execution_state) ?? '');
}

/** What the attached kernel is called; choosing another one ends it, for all who use it. */
function currentText(
  users: readonly string[],
  trans: TranslationBundle
): string {
  return users.length === 0
    ? trans.__('Current kernel')
    : trans.__('Current kernel, also used by %1', users.join(', '));
}

/** The row that is no kernel. */
export function NoKernelRow(
  props: Pick<IRowProps, 'isActive' | 'words'> & {
    /** Whether a kernel is attached, which would be shut down. */
    hasKernel: boolean;
    isDisabled: boolean;
  }
): React.JSX.Element {
  const { isActive, isDisabled, hasKernel, words } = props;
  return (
    <Row
      choice={null}
      isActive={isActive}
      isDisabled={isDisabled}
      trouble=""
      className="kpe-Picker-none"
    >
      <span>{words.lab.__('No Kernel')}</span>
      {hasKernel && (
        <span className="kpe-Picker-note">
          {words.trans.__('shuts down the current kernel')}
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

/** What stock tells of a running kernel in its option's title. */
function titleOf(row: IConnectRow, name: string, { lab }: IWords): string {
  return [
    ...row.paths.map(path => lab.__('Path: %1', path)),
    lab.__('Kernel Name: %1', name),
    lab.__('Kernel Id: %1', row.kernel.id)
  ].join('\n');
}
