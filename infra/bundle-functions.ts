import { extname } from 'node:path'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { type Bundle, bundleHandlers } from './bundle.ts'
import { FUNCTION_SETTINGS } from './function-settings.ts'

/**
 * Bundles every function of the stack, each into the directory of its name.
 * @param out emptied first
 */
export function bundleFunctions(out: string): Promise<readonly Bundle[]> {
  // In the package the handlers are JavaScript, as this module is.
  const own = extname(import.meta.filename)
  const handlers = Object.entries(FUNCTION_SETTINGS).map(([name, { handler }]) => [name, handler.replace(/\.ts$/, own)])
  return bundleHandlers({
    handlers: Object.fromEntries(handlers),
    root: fileURLToPath(new URL('../lambdas', import.meta.url)),
    out,
  })
}

// A construct is made within one call, and bundling takes many: it starts this module as a program of its own.
if (argv[1] === import.meta.filename) await bundleFunctions(argv[2] ?? '')
