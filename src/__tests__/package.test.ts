import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface IPackageJSON {
  dependencies: Record<string, string>;
  jupyterlab: { sharedPackages: Record<string, { requiredVersion: string }> };
}

describe('package.json', () => {
  // Without an entry, the builder would use the range of its own JupyterLab version, and
  // an older JupyterLab would load the extension with a warning or not at all.
  it('has the version range of each package that JupyterLab shares', () => {
    const { dependencies, jupyterlab } = JSON.parse(
      readFileSync('package.json', 'utf8')
    ) as IPackageJSON;

    const shared = Object.entries(jupyterlab.sharedPackages).map(
      ([name, { requiredVersion }]) => [name, requiredVersion]
    );

    expect(Object.fromEntries(shared)).toEqual(dependencies);
  });
});
