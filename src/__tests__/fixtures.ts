import type { KernelSpec } from '@jupyterlab/services';
import { displayName } from '../naming/displayname';
import type { IProviderJSON } from '../providers/rest';
import type { IProvider, KernelPhase } from '../tokens';

/** Make a local kernelspec. */
export function spec(name: string, displayName: string): KernelSpec.ISpecModel {
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

/** Make a kernelspec of a provider, with the server's default display name. */
export function remoteSpec(
  id: string,
  label: string,
  kernel: string,
  name = 'python3'
): KernelSpec.ISpecModel {
  return {
    ...spec(`${id}/${name}`, displayName('suffix', kernel, label)),
    metadata: {
      kernel_provider: id,
      kernel_provider_label: label,
      kernel_display_name: kernel
    }
  };
}

/** Make a provider of the server's answer; online by default. */
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
    message: '',
    since: '2026-05-04T08:00:00Z',
    last_seen: '2026-05-04T09:00:00Z',
    latency_ms: 42,
    kernelspecs: 'fresh',
    retry_in: null,
    ...more
  };
}

/** Make a provider; online by default. */
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
    message: '',
    warnings: [],
    may: [],
    since: new Date('2026-05-04T08:00:00'),
    lastSeen: new Date('2026-05-04T09:00:00'),
    latency: 42,
    kernelspecs: 'fresh',
    retryAt: null,
    kernelPhases: [],
    ...more
  };
}

/** Make a provider with a kernel that is in a phase. */
export function withKernelPhase(
  id: string,
  kernelId: string,
  phase: KernelPhase,
  more: Partial<IProvider> = {}
): IProvider {
  const since = new Date('2026-05-04T09:30:00');
  const kernelPhases = [
    { kernelId, kernelName: '', phase, since, sessionId: '' }
  ];
  return provider(id, { kernelPhases, ...more });
}
