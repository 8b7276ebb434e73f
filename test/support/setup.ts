/** Runs in front of every test file, in its process. */
import { afterAll } from 'vitest'
import { endFile } from './file-end.ts'

afterAll(endFile)
