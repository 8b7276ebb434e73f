/** In which `ps` tells the same date whatever language and time zone the shell has from which it is asked. */
export const psEnvironment = (): NodeJS.ProcessEnv => ({ ...process.env, LC_ALL: 'C', TZ: 'UTC0' })
