export default {
  extends: ['stylelint-config-standard'],
  rules: {
    // Themes own the colours: every colour is a JupyterLab CSS variable.
    'color-named': 'never',
    'color-no-hex': true,
    'function-disallowed-list': [
      '/^rgba?$/',
      '/^hsla?$/',
      '/^hwb$/',
      '/^(ok)?lab$/',
      '/^(ok)?lch$/',
      '/^color(-mix)?$/'
    ],
    // JupyterLab's class names are `jp-PascalCase-part`.
    'selector-class-pattern': '^(jp|lm|kpe)-[A-Za-z0-9-]+$'
  }
};
