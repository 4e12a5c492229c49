import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface IPackageJSON {
  dependencies: Record<string, string>;
  jupyterlab: { sharedPackages: Record<string, { requiredVersion: string }> };
}

describe('package.json', () => {
  // Without an entry, the range would be that of the JupyterLab which the builder knows,
  // and an older JupyterLab would load the extension with a warning or not at all.
  it('names the range of every package that JupyterLab shares', () => {
    const { dependencies, jupyterlab } = JSON.parse(
      readFileSync('package.json', 'utf8')
    ) as IPackageJSON;

    const shared = Object.entries(jupyterlab.sharedPackages).map(
      ([name, { requiredVersion }]) => [name, requiredVersion]
    );

    expect(Object.fromEntries(shared)).toEqual(dependencies);
  });
});
