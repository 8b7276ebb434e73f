/** Runs in front of every test file, in its process. */
import { afterAll } from 'vitest'
import { forgetSecrets } from '../../lambdas/core/postgres/secret-words.ts'
import { endFile } from './file-end.ts'

// A short password of another file would be hidden in this one's messages.
forgetSecrets()
afterAll(endFile)
