import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { everyState, innerScopes } from '../../statemachine/asl.ts'
import { toDefinition } from '../../statemachine/migration.ts'
import { toMarkdown, updateBlock } from '../../statemachine/picture.ts'

const definition = toDefinition()
const readme = new URL('../../README.md', import.meta.url)

describe('the picture of the workflow', () => {
  test('shows every step, Map and end once, and none of a step’s helpers', () => {
    const picture = toMarkdown(definition)
    const chapters = new Set(
      [...everyState(definition)]
        .filter(([name]) => name.startsWith('MoreOf'))
        .flatMap(([, state]) => innerScopes(state).flatMap((scope) => Object.keys(scope.States))),
    )
    for (const [name, state] of everyState(definition)) {
      const shown = picture.split('\n').filter((line) => new RegExp(`^ +(subgraph )?${name}[[({]`).test(line)).length
      const helper = /^(After|PauseBefore|JudgeCrashOf|GiveUp|MoreOf)/.test(name) || chapters.has(name)
      const drawn = !helper && ['Task', 'Map', 'Parallel', 'Succeed', 'Fail'].includes(state.Type)
      if (drawn) expect(shown, name).toBe(1)
      if (helper) expect(shown, name).toBe(0)
    }
  })

  test('every arrow leads from a drawn state to a drawn state', () => {
    const picture = toMarkdown(definition)
    const drawn = new Set([...picture.matchAll(/^ +(?:subgraph )?(\w+)[[({]/gm)].map((match) => match[1]))
    const arrows = [...picture.matchAll(/^ +(\w+) (?:-->|-\.->)(?:\|[^|]+\|)? (\w+)$/gm)]
    expect(arrows.length).toBeGreaterThan(30)
    for (const [, from, to] of arrows) expect([drawn.has(from), drawn.has(to)], `${from} ${to}`).toEqual([true, true])
    // A condition of a kind that the words do not know would be shown as half of one.
    expect(
      [...picture.matchAll(/\|"([^"]*)"\|/g)].map(([, label = '']) => label).filter((label) => /^\s|\s$/.test(label)),
    ).toEqual([])
  })

  test('replaces what stands between the markers, and nothing else', () => {
    const text = 'before\n<!-- workflow -->\nold\n<!-- /workflow -->\nafter\n'
    const updated = updateBlock(text, definition)
    expect(updated).toMatch(/^before\n<!-- workflow -->\n```mermaid\n[\s\S]*\n<!-- \/workflow -->\nafter\n$/)
    expect(updated).not.toContain('old\n')
    expect(updateBlock(updated, definition)).toBe(updated)
    expect(updateBlock('no markers', definition)).toBe('no markers')
  })

  test.runIf(existsSync(readme))('in the README is up to date; else run: node statemachine/picture.ts', () => {
    const text = readFileSync(readme, 'utf8')
    expect(updateBlock(text, definition) === text).toBe(true)
  })
})
