import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/__tests__/*.test.{ts,tsx}'],
    // Tests that pass print nothing.
    silent: 'passed-only',
    // Some of JupyterLab's packages are ES modules without "type": "module".
    server: { deps: { inline: [/@jupyterlab/, /@lumino/] } },
    coverage: {
      provider: 'v8',
      include: ['src/**/*.{ts,tsx}'],
      exclude: ['src/**/__tests__/**'],
      reporter: ['text-summary']
    }
  }
});
