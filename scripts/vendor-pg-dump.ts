/**
 * Takes pg_dump 18 as WebAssembly out of `@electric-sql/pglite-tools` into lambdas/stages/schema/pgdump/vendor/, with the Emscripten
 * factory exposed (the package keeps it private and offers text dumps only), the licences, and SHA-256 sums.
 * Run it after the package's version was raised: `node scripts/vendor-pg-dump.ts [target folder]`.
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const packageFolder = new URL('../node_modules/@electric-sql/pglite-tools/', import.meta.url)
const vendorFolder = new URL('../lambdas/stages/schema/pgdump/vendor/', import.meta.url)

const postgresLicence = `PostgreSQL Database Management System
(also known as Postgres, formerly known as Postgres95)

Portions Copyright (c) 1996-2026, PostgreSQL Global Development Group

Portions Copyright (c) 1994, The Regents of the University of California

Permission to use, copy, modify, and distribute this software and its
documentation for any purpose, without fee, and without a written agreement
is hereby granted, provided that the above copyright notice and this
paragraph and the following two paragraphs appear in all copies.

IN NO EVENT SHALL THE UNIVERSITY OF CALIFORNIA BE LIABLE TO ANY PARTY FOR
DIRECT, INDIRECT, SPECIAL, INCIDENTAL, OR CONSEQUENTIAL DAMAGES, INCLUDING
LOST PROFITS, ARISING OUT OF THE USE OF THIS SOFTWARE AND ITS
DOCUMENTATION, EVEN IF THE UNIVERSITY OF CALIFORNIA HAS BEEN ADVISED OF THE
POSSIBILITY OF SUCH DAMAGE.

THE UNIVERSITY OF CALIFORNIA SPECIFICALLY DISCLAIMS ANY WARRANTIES,
INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY
AND FITNESS FOR A PARTICULAR PURPOSE.  THE SOFTWARE PROVIDED HEREUNDER IS
ON AN "AS IS" BASIS, AND THE UNIVERSITY OF CALIFORNIA HAS NO OBLIGATIONS TO
PROVIDE MAINTENANCE, SUPPORT, UPDATES, ENHANCEMENTS, OR MODIFICATIONS.
`

/** The chunk's Emscripten factory as a module of its own: everything before the package's own pgDump() function. */
function exposeFactory(chunk: string): string {
  const end = /\}\)\(\),(\w+)=\w+;(?=var \w+=\1;var \w+="\/tmp\/out\.sql";)/.exec(chunk)
  if (!end?.[1]) throw new Error('the dist chunk no longer ends its Emscripten factory as expected: read it anew')
  const heading = '// From @electric-sql/pglite-tools (Apache-2.0), nothing changed but this line and the export.\n'
  return `${heading}${chunk.slice(0, end.index + end[0].length)}\nexport { ${end[1]} as createPgDump }\n`
}

async function vendor(target: URL): Promise<void> {
  await mkdir(target, { recursive: true })
  const chunks = (await readdir(new URL('dist/', packageFolder))).filter((name) => /^chunk-\w+\.js$/.test(name))
  const [chunk] = chunks
  if (!chunk || chunks.length > 1) throw new Error(`expected one dist chunk, found ${chunks.join(', ') || 'none'}`)
  const { version } = JSON.parse(await readFile(new URL('package.json', packageFolder), 'utf8')) as { version: string }
  const files = new Map<string, Uint8Array>([
    ['LICENSE.pglite-tools', await readFile(new URL('LICENSE', packageFolder))],
    ['LICENSE.postgresql', Buffer.from(postgresLicence)],
    [
      'NOTICE',
      Buffer.from(
        `pg_dump.wasm is pg_dump and libpq 18.3 (PostgreSQL licence), built by Electric DB Limited; pg_dump.mjs is its glue.\nBoth come from @electric-sql/pglite-tools ${version} (Apache-2.0), https://github.com/electric-sql/pglite.\nMade by scripts/vendor-pg-dump.ts: the factory is exported, nothing else is changed.\n`,
      ),
    ],
    ['pg_dump.mjs', Buffer.from(exposeFactory(await readFile(new URL(`dist/${chunk}`, packageFolder), 'utf8')))],
    ['pg_dump.wasm', await readFile(new URL('dist/pg_dump.wasm', packageFolder))],
  ])
  const sums = [...files].map(([name, bytes]) => `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`)
  for (const [name, bytes] of files) await writeFile(new URL(name, target), bytes)
  await writeFile(new URL('SHA256SUMS', target), sums.join(''))
}

const [target] = process.argv.slice(2)
await vendor(target ? new URL(`file://${target.replace(/\/?$/, '/')}`) : vendorFolder)
process.stdout.write(`vendored into ${target ?? fileURLToPath(vendorFolder)}\n`)
