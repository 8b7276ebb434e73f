/** What the `sampan` command tells the shell. Documented in `sampan --help`; never renumbered. */
export const exitStatus = {
  /** The run succeeded, or the task is valid. */
  done: 0,
  /** The run failed; the summary says at what. */
  failed: 1,
  /** The task or the command line is wrong; nothing was started. */
  wrongTask: 2,
  /** The precheck refuses, or the plan is another one than was asked for: nothing was copied. */
  refused: 3,
  /** Done, but objects failed that the task goes on without (`onObjectError: "continue"`). */
  incomplete: 4,
  /** Compared to the end, and both ends are not equal. */
  differs: 5,
  /** Stopped by Ctrl-C or SIGTERM. */
  stopped: 130,
} as const

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus]
