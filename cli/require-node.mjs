// Loaded before everything else, and plain JavaScript: an older Node.js could not even read our TypeScript. `npm run` puts
// the project's own Node.js (the development dependency `node`) first, whichever one runs npm itself.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `NODE_TOO_OLD  this is Node.js ${process.versions.node}, Sampan needs 22.18 or later\n` +
      '              run it through npm (npm start, npm run sampan), after npm ci with install scripts allowed\n',
  )
  process.exit(2)
}
