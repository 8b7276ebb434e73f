// Loaded before everything else, and plain JavaScript: an older Node.js could not even read the rest. In a checkout, `npm run`
// puts the project's own Node.js (the development dependency `node`) first, whichever one runs npm itself.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `NODE_TOO_OLD  this is Node.js ${process.versions.node}, Sampan needs 22.18 or later\n` +
      '              install a newer one (nodejs.org); in a checkout npm start and npm run sampan bring their own, after npm ci\n',
  )
  process.exit(2)
}
