// Takes the pictures in docs/images/: `jlpm screenshots`.
const config = require('./playwright.config');

module.exports = { ...config, testDir: 'screenshots' };
