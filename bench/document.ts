import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../docs/performance.md', import.meta.url)

/** Puts a text between the marks of its name; what people have written around them stays. */
export function writeSection(name: string, text: string): void {
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`]
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '# Performance\n'
  const section = `${begin}\n${text}\n${end}`
  const from = before.indexOf(begin)
  const to = before.indexOf(end)
  const after =
    from < 0 || to < from
      ? `${before.trimEnd()}\n\n${section}\n`
      : before.slice(0, from) + section + before.slice(to + end.length)
  writeFileSync(file, after)
}
