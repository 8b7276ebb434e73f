import { readFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { blockingLine, type WorkerResult, type WorkerTask } from './bridge.ts'
import { Conversation } from './conversation.ts'
import { chooseInterceptors, missedInterceptors } from './interceptors.ts'
import { createPgDump, type PgDumpModule } from './vendor/pg_dump.mjs'

/** Inside the module's own file system, which is in memory. */
const archivePath = '/tmp/objects.dump'

async function run(task: WorkerTask): Promise<WorkerResult> {
  const interceptors = chooseInterceptors(task)
  const conversation = new Conversation(
    blockingLine(task.port, task.counter, task.deadline),
    interceptors,
    task.settings,
    task.processId,
  )
  const notices: string[] = []
  let exitCode = 0
  const module = await createPgDump({
    wasmBinary: readFileSync(task.wasm),
    noExitRuntime: false,
    print: (text) => notices.push(text),
    printErr: (text) => notices.push(text),
    onExit: (status) => {
      exitCode = status
    },
    preRun: [
      (created) => Object.assign(created.ENV, { HOME: '/home/postgres', USER: 'postgres', LOGNAME: 'postgres' }),
      (created) => {
        created.onRuntimeInitialized = () => joinLine(created, conversation)
      },
    ],
  })
  const returned = module.callMain([...task.args, '-f', archivePath])
  if (exitCode === 0 && typeof returned === 'number') exitCode = returned
  return {
    exitCode,
    archive: exitCode === 0 ? module.FS.readFile(archivePath) : null,
    notices,
    missed: missedInterceptors(interceptors, conversation.hits),
  }
}

/** Gives the module's libpq its two socket functions. Memory may grow between calls, so views are made anew and copied at once. */
function joinLine(module: PgDumpModule, conversation: Conversation): void {
  const write = module.addFunction((pointer, length) => {
    conversation.write(module.HEAPU8.slice(pointer, pointer + length))
    return length
  }, 'iii')
  const read = module.addFunction((pointer, size) => {
    const bytes = conversation.read(size)
    module.HEAPU8.set(bytes, pointer)
    return bytes.length
  }, 'iii')
  module._pgl_set_rw_cbs(read, write)
  // libpq refuses a password file that others may read, and says so in a notice.
  module.FS.chmod('/home/postgres/.pgpass', 0o600)
}

parentPort?.postMessage(await run(workerData as WorkerTask))
// The Emscripten runtime leaves an exit code behind; the result has it.
process.exitCode = 0
