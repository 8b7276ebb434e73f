/** As the process has begun, with what most files need. */
const first: NodeJS.ProcessEnv = { ...process.env, SAMPAN_ARTEFACTS: 'file:///tmp/unused', SAMPAN_LOG: 'off' }

/** Each file begins with the same environment, whatever the ones before it have set. */
export function resetEnvironment(): void {
  for (const name of Object.keys(process.env)) if (!(name in first)) delete process.env[name]
  Object.assign(process.env, first)
}
