import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { style } from '../../lambdas/core/present/page-style.ts'

interface PageFile {
  readonly type: string
  readonly text: () => Promise<string>
}

const own = (name: string) => () => readFile(new URL(`./browser/${name}`, import.meta.url), 'utf8')

/** uPlot comes with the package, as every dependency: the page loads nothing from elsewhere. */
const plotting = (name: string) => () => {
  const main = createRequire(import.meta.url).resolve('uplot')
  return readFile(join(dirname(main), name), 'utf8')
}

/** All that the page is made of, beside itself. */
export const pageFiles: Readonly<Record<string, PageFile>> = {
  'page.js': { type: 'text/javascript', text: own('page.js') },
  'page.css': { type: 'text/css', text: own('page.css') },
  'report.css': { type: 'text/css', text: async () => style },
  'uplot.js': { type: 'text/javascript', text: plotting('uPlot.esm.js') },
  'uplot.css': { type: 'text/css', text: plotting('uPlot.min.css') },
}
