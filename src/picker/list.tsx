import { classes } from '@jupyterlab/ui-components';
import * as React from 'react';

import { StateIcon, useNow } from '../components';
import type { IKernelLabel } from '../naming';
import { isAvailable, isWell } from '../state';
import type { IKernelCounts } from '../state';
import { stateWord, statusText } from '../text';
import type { IProvider, KernelPhase } from '../tokens';
import { keyOf } from './choices';
import type { KernelChoice } from './choices';
import type { IKernelGroup, Purpose } from './groups';
import type { PickerModel } from './model';
import { ConnectRow, NoKernelRow, rowId, StartRow } from './row';
import type { ITranslations } from './translations';

/** The id of the list. */
export const LIST_ID = 'kpe-picker-list';

/** Return the id of the element with the message or figures about a provider. */
export function statusId(providerId: string): string {
  return `${groupId(providerId)}-status`;
}

/** Return the id of the element that says why a group's other kernels are not shown. */
function failureId(id: string): string {
  return `${groupId(id)}-failure`;
}

function describedBy(group: IKernelGroup): string {
  const ids = [
    group.provider && statusId(group.id),
    group.failure && failureId(group.id)
  ];
  return ids.filter(Boolean).join(' ');
}

function groupId(id: string): string {
  return `kpe-group-${encodeURIComponent(id)}`;
}

interface IListProps {
  readonly model: PickerModel;
  readonly translations: ITranslations;
  /** Called when the user double-clicks a row. */
  readonly onAccept: () => void;
}

/** All rows, in groups. The focus stays in the filter field. */
export function KernelList(props: IListProps): React.JSX.Element {
  const { model, translations, onAccept } = props;
  const { active, groups } = model;
  const activeKey = active === undefined ? '' : keyOf(active);
  const now = useNow(30_000);
  const list = React.useRef<HTMLDivElement>(null);
  useSteadyHeight(list);
  useVisible(list, model.scrollTarget, model.text);
  return (
    <div
      ref={list}
      role="listbox"
      id={LIST_ID}
      className="kpe-Picker-list"
      tabIndex={-1}
      aria-label={translations.trans.__('Kernels')}
      onMouseDown={event => {
        event.preventDefault();
      }}
      onClick={event => {
        const choice = choiceAt(event.target);
        if (choice !== undefined && model.canStart) {
          model.pick(choice);
        }
      }}
      onDoubleClick={event => {
        if (choiceAt(event.target) !== undefined) {
          onAccept();
        }
      }}
    >
      {groups.map(group => (
        <Group
          key={group.id}
          group={group}
          activeKey={activeKey}
          language={model.language}
          labels={model.labels}
          translations={translations}
          now={now}
        />
      ))}
      <NoKernels model={model} translations={translations} />
      <NoKernelRow
        isActive={active === null}
        isDisabled={!model.canStart}
        hasKernel={!model.context.hasNoKernel}
        translations={translations}
      />
    </div>
  );
}

/** Says why the list has no kernels; nothing if it has some. */
function NoKernels({
  model,
  translations: { trans }
}: Pick<IListProps, 'model' | 'translations'>): React.JSX.Element | null {
  if (model.groups.length > 0 || !model.canStart) {
    return null;
  }
  const text = !model.isKnown
    ? trans.__('Loading kernels…')
    : model.allGroups.length === 0
      ? trans.__('This server has no kernels.')
      : trans.__('No kernels match “%1”.', model.text.trim());
  return (
    <div role="presentation" className="kpe-Picker-message">
      {text}
    </div>
  );
}

interface IGroupProps {
  readonly group: IKernelGroup;
  readonly activeKey: string;
  readonly language: string;
  readonly labels: ReadonlyMap<string, IKernelLabel>;
  readonly translations: ITranslations;
  readonly now: Date;
}

function Group(props: IGroupProps): React.JSX.Element {
  const { group, activeKey, language, labels, translations, now } = props;
  const { purpose, provider } = group;
  const id = groupId(group.id);
  const stateNote =
    provider === undefined || isWell(provider)
      ? ''
      : stateWord(provider.state, translations.trans);
  const isReachable = provider === undefined || isAvailable(provider);
  return (
    <div
      role="group"
      className={classes(
        'kpe-Picker-group',
        !isReachable && 'kpe-mod-unavailable'
      )}
      aria-labelledby={id}
      aria-describedby={describedBy(group)}
    >
      <div
        role="presentation"
        id={id}
        className="kpe-Picker-heading"
        title={
          provider &&
          statusText(provider, group.counts, translations.trans, now)
        }
      >
        {purpose === null ? (
          <ProviderName group={group} translations={translations} />
        ) : (
          purposeText(purpose, language, translations)
        )}
      </div>
      {provider && (
        <Status
          id={statusId(group.id)}
          provider={provider}
          counts={group.counts}
          translations={translations}
        />
      )}
      {group.rows.map(row => {
        const key = keyOf(row.choice);
        const common = {
          isActive: key === activeKey,
          stateNote,
          label: row.spec && labels.get(row.spec.name),
          isPlaceKnown: purpose === null,
          translations
        };
        return row.kind === 'start' ? (
          <StartRow key={key} {...common} choice={row.choice} spec={row.spec} />
        ) : (
          <ConnectRow
            key={key}
            {...common}
            row={row}
            phase={provider && phaseOf(row.kernel.id, provider)}
            now={now}
          />
        );
      })}
      {group.failure !== '' && (
        <div
          role="presentation"
          id={failureId(group.id)}
          className="kpe-Picker-message"
        >
          {group.failure}
        </div>
      )}
    </div>
  );
}

function phaseOf(
  kernelId: string,
  { kernelPhases }: IProvider
): KernelPhase | undefined {
  return kernelPhases.find(it => it.kernelId === kernelId)?.phase;
}

function purposeText(
  purpose: Purpose,
  language: string,
  { lab, trans }: ITranslations
): string {
  switch (purpose) {
    case 'starred':
      return trans.__('Starred');
    case 'recent':
      return trans.__('Recent');
    case 'preferred':
      return lab.__('Start %1 Kernel', language);
    case 'start':
      return lab.__('Start Kernel');
    case 'connect':
      return lab.__('Connect to Existing Kernel');
  }
}

/** The label and state of a provider. */
function ProviderName({
  group: { label, provider },
  translations
}: Pick<IGroupProps, 'group' | 'translations'>): React.JSX.Element {
  return (
    <>
      <span className="kpe-Picker-provider">{label}</span>
      {provider && (
        <>
          <StateIcon state={provider.state} />
          <span>{stateWord(provider.state, translations.trans)}</span>
        </>
      )}
    </>
  );
}

/** The message or figures about a provider; visible if it has no kernels or something is wrong. */
function Status(props: {
  id: string;
  provider: IProvider;
  counts: IKernelCounts;
  translations: ITranslations;
}): React.JSX.Element {
  const { id, provider, counts, translations } = props;
  const now = useNow(1000);
  const isVisible = !isWell(provider) || counts.kernels === 0;
  return (
    <div
      role="presentation"
      id={id}
      className={isVisible ? 'kpe-Picker-message' : 'kpe-visually-hidden'}
    >
      {statusText(provider, counts, translations.trans, now)}
    </div>
  );
}

/** Keep the height of all rows, so that nothing moves while the user types. */
function useSteadyHeight(list: React.RefObject<HTMLElement>): void {
  React.useLayoutEffect(() => {
    const node = list.current;
    if (node !== null) {
      node.style.flexBasis = `${String(node.scrollHeight)}px`;
    }
  });
}

/** Keep a row visible, also while the list changes its size, until the user scrolls. */
function useVisible(
  list: React.RefObject<HTMLElement>,
  choice: KernelChoice | undefined,
  text: string
): void {
  const id = choice === undefined ? '' : rowId(choice);
  React.useEffect(() => {
    const node = list.current;
    if (id === '' || node === null) {
      return undefined;
    }
    const observer = new ResizeObserver(() => {
      document.getElementById(id)?.scrollIntoView({ block: 'nearest' });
    });
    [node, ...node.children].forEach(element => {
      observer.observe(element);
    });
    const stop = (): void => {
      observer.disconnect();
      node.removeEventListener('wheel', stop);
      node.removeEventListener('pointerdown', stop);
    };
    node.addEventListener('wheel', stop, { passive: true });
    node.addEventListener('pointerdown', stop);
    return stop;
  }, [list, id, text]);
}

function choiceAt(target: EventTarget): KernelChoice | undefined {
  const row =
    target instanceof Element
      ? target.closest<HTMLElement>('[role=option]')
      : null;
  const value = row?.dataset['value'];
  return value === undefined ? undefined : (JSON.parse(value) as KernelChoice);
}
