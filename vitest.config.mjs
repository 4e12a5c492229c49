import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/__tests__/*.test.{ts,tsx}'],
    // Some of JupyterLab's packages are ES modules that do not say so.
    server: { deps: { inline: [/@jupyterlab/, /@lumino/] } }
  }
});
