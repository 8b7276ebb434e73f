type Work = () => unknown

const works: Work[] = []

/**
 * Has something done when the test file ends, behind its own hooks; what came last goes first. A hook in a module would belong
 * to the first file that loads it: modules are shared by the files of a process.
 */
export function atFileEnd(work: Work): void {
  works.push(work)
}

/** For setup.ts alone. @throws AggregateError with everything that went wrong; the rest is done all the same */
export async function endFile(): Promise<void> {
  const errors: unknown[] = []
  for (let work = works.pop(); work !== undefined; work = works.pop()) {
    try {
      await work()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join('\n'))
}
