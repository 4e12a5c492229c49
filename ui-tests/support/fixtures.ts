import { expect, test as galataTest } from '@jupyterlab/galata';
import type { APIRequestContext } from '@playwright/test';

import { Gateway } from './gateway';
import type { IKernelspec } from './gateway';

interface IFixtures {
  /** Makes real gateways, which are stopped and removed after the test. */
  makeGateway: (
    id: string,
    kernelspecs?: readonly IKernelspec[]
  ) => Promise<Gateway>;
}

interface IAutomatic {
  /** Shuts down every kernel after the test. */
  kernelCleanup: undefined;
  /** Fails the test if the server or the page had an error, even if it was not visible. */
  quietErrors: undefined;
}

/** Errors of other packages. */
const NOT_OURS = [
  // ipywidgets expects that every notebook has a kernel (ipywidgets #3970).
  /\/extensions\/@jupyter-widgets\//,
  // JupyterLab does not expect that a kernel is changed before it has the subshell that
  // ipywidgets' comm asks for.
  /^Per comm-target subshell creation failed: Error: Canceled future /,
  // The debugger sends a request to a kernel that is ending.
  /^Error: Kernel is dead[^]*\.requestDebug /,
  // Notebook 7 closes a new notebook in its first page while the kernel starts.
  /^Error: Disposed[^]*\/static\/notebook\/notebook_core/
];

/** A route that passes on refusals of a provider, which the page shows. */
const PASSED_ON = /\/api\/kernel-providers\/[^/]+\/kernels\b/;

/** Jupyter Server's status if the next kernel of a session does not start. */
const NOT_STARTED = 501;

/**
 * Galata's test with real kernels and sessions. Its mocks would hide kernels and sessions
 * that the page did not start itself.
 */
export const test = galataTest.extend<IFixtures & IAutomatic>({
  kernels: null,
  sessions: null,
  makeGateway: async ({ request }, use) => {
    const gateways: Gateway[] = [];
    await use(async (id, kernelspecs) => {
      const gateway = await Gateway.create(request, id, kernelspecs);
      gateways.push(gateway);
      return gateway;
    });
    const kernels = await list(request, 'kernels');
    const busy = gateways.filter(({ id }) =>
      kernels.some(({ name }) => name.startsWith(`${id}/`))
    );
    if (busy.length > 0) {
      // The kernels of a stopped gateway cannot be shut down.
      await Promise.all(busy.map(gateway => gateway.start()));
      await shutDownAllKernels(request);
    }
    await Promise.all(gateways.map(gateway => gateway.dispose()));
  },
  kernelCleanup: [
    async ({ request }, use) => {
      await use(undefined);
      await shutDownAllKernels(request);
    },
    { auto: true }
  ],
  quietErrors: [
    async ({ context }, use) => {
      const errors: string[] = [];
      context.on('weberror', webError => {
        const { name, message, stack } = webError.error();
        // What is not an Error has no stack.
        const text = stack || `${name}: ${message}`;
        if (!NOT_OURS.some(pattern => pattern.test(text))) {
          errors.push(text);
        }
      });
      context.on('response', response => {
        const status = response.status();
        const isShown =
          status === NOT_STARTED || PASSED_ON.test(response.url());
        if (status >= 500 && !isShown) {
          errors.push(`${status} ${response.url()}`);
        }
      });
      await use(undefined);
      expect(errors).toEqual([]);
    },
    { auto: true }
  ]
});

async function shutDownAllKernels(request: APIRequestContext): Promise<void> {
  // A session ends with its kernel, but leaves a starting kernel behind.
  for (const kind of ['sessions', 'kernels'] as const) {
    for (const { id } of await list(request, kind)) {
      await request.delete(`/api/${kind}/${id}`);
    }
  }
  await expect.poll(() => list(request, 'kernels')).toEqual([]);
}

/**
 * Fetch the server's kernels or sessions.
 *
 * @param request - Playwright's client.
 */
export async function list(
  request: APIRequestContext,
  kind: 'kernels' | 'sessions'
): Promise<{ id: string; name: string }[]> {
  const response = await request.get(`/api/${kind}`);
  expect(response.ok()).toBe(true);
  return response.json();
}
