import { displayName } from '../naming/displayname';
import type {
  IProvider,
  IProviderJSON,
  KernelPhase,
  KernelSpecJSON
} from '../tokens';

/** A local kernelspec. */
export function spec(name: string, displayName: string): KernelSpecJSON {
  return {
    name,
    language: 'python',
    display_name: displayName,
    argv: ['python'],
    env: {},
    metadata: {},
    resources: {}
  };
}

/** A kernelspec of a provider, named as the server does by default. */
export function remoteSpec(
  id: string,
  label: string,
  kernel: string,
  name = 'python3'
): KernelSpecJSON {
  return {
    ...spec(`${id}/${name}`, displayName('suffix', kernel, label)),
    metadata: {
      kernel_provider: id,
      kernel_provider_label: label,
      kernel_display_name: kernel
    }
  };
}

/** A provider in the server's answer; online unless another state is asked for. */
export function providerJSON(
  id: string,
  more: Partial<IProviderJSON> = {}
): IProviderJSON {
  return {
    id,
    label: id === 'local' ? 'This server' : id,
    kind: id === 'local' ? 'local' : 'gateway',
    url: id === 'local' ? null : `https://${id}.example/`,
    source: id === 'local' ? null : `/etc/jupyter/${id}.json`,
    state: 'online',
    reason: '',
    detail: '',
    sentence: '',
    since: '2026-05-04T08:00:00Z',
    last_seen: '2026-05-04T09:00:00Z',
    latency_ms: 42,
    kernelspecs: 'fresh',
    retry_in: null,
    ...more
  };
}

/** A provider as the front end has it. */
export function provider(id: string, more: Partial<IProvider> = {}): IProvider {
  const { label, kind, url, source } = providerJSON(id);
  return {
    id,
    label,
    kind,
    url,
    source,
    state: 'online',
    reason: '',
    detail: '',
    sentence: '',
    since: new Date('2026-05-04T08:00:00'),
    lastSeen: new Date('2026-05-04T09:00:00'),
    latency: 42,
    kernelspecs: 'fresh',
    retryAt: null,
    underway: [],
    ...more
  };
}

/** A provider at which a kernel is under way. */
export function underwayAt(
  id: string,
  kernelId: string,
  phase: KernelPhase,
  more: Partial<IProvider> = {}
): IProvider {
  const since = new Date('2026-05-04T09:30:00');
  return provider(id, { underway: [{ kernelId, phase, since }], ...more });
}
