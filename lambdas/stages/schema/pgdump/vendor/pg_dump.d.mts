/** The part of the Emscripten module that Sampan uses. */
export interface PgDumpModule {
  readonly HEAPU8: Uint8Array
  readonly ENV: Record<string, string>
  readonly FS: { readFile(path: string): Uint8Array; chmod(path: string, mode: number): void }
  onRuntimeInitialized?: () => void
  addFunction(callback: (pointer: number, length: number) => number, signature: string): number
  callMain(args: string[]): number
  _pgl_set_rw_cbs(read: number, write: number): void
}

export interface PgDumpOptions {
  readonly wasmBinary: Uint8Array
  readonly noExitRuntime?: boolean
  readonly print?: (text: string) => void
  readonly printErr?: (text: string) => void
  readonly onExit?: (status: number) => void
  readonly preRun?: readonly ((module: PgDumpModule) => void)[]
}

export function createPgDump(options: PgDumpOptions): Promise<PgDumpModule>
