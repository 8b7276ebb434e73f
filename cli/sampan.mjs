#!/usr/bin/env node
// What the package installs. Plain JavaScript, so that an older Node.js can still say that it is one.
import './require-node.mjs'

await import('./sampan.js')
