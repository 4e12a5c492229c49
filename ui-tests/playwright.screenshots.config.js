// Makes the pictures in docs/ anew: `jlpm screenshots`.
const config = require('./playwright.config');

module.exports = { ...config, testDir: 'screenshots' };
