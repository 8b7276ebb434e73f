/** Runs in front of every test file but those of the command. */
import { resetEnvironment } from './environment.ts'

resetEnvironment()
