import * as React from 'react';

import { keyOf } from './choices';
import type { KernelChoice } from './choices';
import type { IKernelGroup, Purpose } from './groups';
import { ConnectRow, NoKernelRow, StartRow, rowId } from './row';
import { isWell } from '../providers/model';
import type { PickerModel } from './model';
import { stateSentence, stateWord } from '../text/messages';
import type { ICounts } from '../text/messages';
import { StateIcon } from '../components/stateicon';
import type { IProvider, KernelPhase } from '../tokens';
import { useNow } from '../components/usenow';
import type { IWords } from '../text/translations';

/** The id of the list's element. */
export const LIST_ID = 'kpe-picker-list';

/** The id of the element that says in full how a provider is. */
export function stateId(providerId: string): string {
  return `${groupId(providerId)}-state`;
}

/** The id of the element that says why more kernels of a group cannot be shown. */
function failureId(id: string): string {
  return `${groupId(id)}-failure`;
}

function describedBy(group: IKernelGroup): string {
  const ids = [
    group.provider && stateId(group.id),
    group.failure && failureId(group.id)
  ];
  return ids.filter(Boolean).join(' ');
}

function groupId(id: string): string {
  return `kpe-group-${encodeURIComponent(id)}`;
}

interface IListProps {
  readonly model: PickerModel;
  readonly words: IWords;
  /** Called when a row is to be accepted at once. */
  readonly onAccept: () => void;
}

/** All that can be chosen, in groups; focus stays with the field above. */
export function KernelList(props: IListProps): React.JSX.Element {
  const { model, words, onAccept } = props;
  const { active, groups } = model;
  const activeKey = active === undefined ? '' : keyOf(active);
  const now = useNow(30_000);
  const list = React.useRef<HTMLDivElement>(null);
  useSteadyHeight(list);
  useVisible(list, model.inSight, model.text);
  return (
    <div
      ref={list}
      role="listbox"
      id={LIST_ID}
      className="kpe-Picker-list"
      tabIndex={-1}
      aria-label={words.trans.__('Kernels')}
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
          words={words}
          now={now}
        />
      ))}
      <Emptiness model={model} words={words} />
      <NoKernelRow
        isActive={active === null}
        isDisabled={!model.canStart}
        hasKernel={!model.context.hasNoKernel}
        words={words}
      />
    </div>
  );
}

/** Why there are no kernels; nothing if there are. */
function Emptiness({
  model,
  words: { trans }
}: Pick<IListProps, 'model' | 'words'>): React.JSX.Element | null {
  if (model.groups.length > 0 || !model.canStart) {
    return null;
  }
  const text = !model.isKnown
    ? trans.__('Asking the server for its kernels…')
    : model.allGroups.length === 0
      ? trans.__('There are no kernels.')
      : trans.__('No kernel matches “%1”.', model.text.trim());
  return (
    <div role="presentation" className="kpe-Picker-remark">
      {text}
    </div>
  );
}

interface IGroupProps {
  readonly group: IKernelGroup;
  readonly activeKey: string;
  readonly language: string;
  readonly words: IWords;
  readonly now: Date;
}

function Group(props: IGroupProps): React.JSX.Element {
  const { group, activeKey, language, words, now } = props;
  const { purpose, provider } = group;
  const id = groupId(group.id);
  const trouble =
    provider === undefined || isWell(provider)
      ? ''
      : stateWord(provider.state, words.trans);
  return (
    <div
      role="group"
      className="kpe-Picker-group"
      aria-labelledby={id}
      aria-describedby={describedBy(group)}
    >
      <div
        role="presentation"
        id={id}
        className="kpe-Picker-heading"
        title={
          provider && stateSentence(provider, group.counts, words.trans, now)
        }
      >
        {purpose === null ? (
          <Place group={group} words={words} />
        ) : (
          purposeText(purpose, language, words)
        )}
      </div>
      {provider && (
        <State
          id={stateId(group.id)}
          provider={provider}
          counts={group.counts}
          words={words}
        />
      )}
      {group.rows.map(row => {
        const key = keyOf(row.choice);
        const common = { isActive: key === activeKey, trouble, words };
        return row.kind === 'start' ? (
          <StartRow key={key} {...common} spec={row.spec} />
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
          className="kpe-Picker-remark"
        >
          {group.failure}
        </div>
      )}
    </div>
  );
}

function phaseOf(
  kernelId: string,
  { underway }: IProvider
): KernelPhase | undefined {
  return underway.find(it => it.kernelId === kernelId)?.phase;
}

function purposeText(
  purpose: Purpose,
  language: string,
  { lab }: IWords
): string {
  switch (purpose) {
    case 'preferred':
      return lab.__('Start %1 Kernel', language);
    case 'start':
      return lab.__('Start Kernel');
    case 'connect':
      return lab.__('Connect to Existing Kernel');
  }
}

/** The name of a provider, and the word for how it is. */
function Place({
  group: { label, provider },
  words
}: Pick<IGroupProps, 'group' | 'words'>): React.JSX.Element {
  return (
    <>
      <span className="kpe-Picker-place">{label}</span>
      {provider && (
        <>
          <StateIcon state={provider.state} />
          <span>{stateWord(provider.state, words.trans)}</span>
        </>
      )}
    </>
  );
}

/** How a provider is, in full; in sight where it is not well, or has no kernel. */
function State(props: {
  id: string;
  provider: IProvider;
  counts: ICounts;
  words: IWords;
}): React.JSX.Element {
  const { id, provider, counts, words } = props;
  const now = useNow(1000);
  const isInSight = !isWell(provider) || counts.kernels === 0;
  return (
    <div
      role="presentation"
      id={id}
      className={isInSight ? 'kpe-Picker-remark' : 'kpe-visually-hidden'}
    >
      {stateSentence(provider, counts, words.trans, now)}
    </div>
  );
}

/** Keep the room for all rows that there were, so that nothing moves while one types. */
function useSteadyHeight(list: React.RefObject<HTMLElement>): void {
  React.useLayoutEffect(() => {
    const node = list.current;
    if (node !== null) {
      node.style.flexBasis = `${String(node.scrollHeight)}px`;
    }
  });
}

/** Keep a row in sight, also while the list gets its size, until one scrolls. */
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
