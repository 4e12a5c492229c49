export default {
  arrowParens: 'avoid',
  singleQuote: true,
  trailingComma: 'none'
};
