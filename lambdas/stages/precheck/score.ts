import type { PrecheckDocument, PrecheckItem } from '../../core/documents/precheck.ts'
import type { Check, Finding } from './check.ts'

/** How one check of one database ended. */
export type Outcome = { readonly check: Check; readonly database: string | null } & (
  | { readonly kind: 'found'; readonly findings: readonly Finding[] }
  /**
   * `failed`: the check itself broke; `prerequisite`: another finding stands in the way; `crowded`: a server had no connection for
   * it; `unknown`: not to be known.
   */
  | {
      readonly kind: 'not-run'
      readonly why: 'prerequisite' | 'crowded' | 'unknown' | 'failed'
      readonly cause: string
    }
)

/**
 * Makes the document of a precheck. An error blocks; a warning blocks until it is acknowledged; an info never does. A check
 * that broke blocks as its finding would: nobody knows what it would have found.
 *
 * The score is DTS's success rate: of the items that could be asked, the share that does not stand in the way, rounded
 * down. Acknowledged warnings and infos do not count against it; what another finding kept from running does.
 */
export function judgeOutcomes(outcomes: readonly Outcome[], acknowledge: readonly string[]): PrecheckDocument {
  const accepted = new Set(acknowledge)
  const counted: boolean[] = []
  const items = outcomes.flatMap((outcome): PrecheckItem[] => {
    const made = itemsOf(outcome, accepted)
    for (const item of made) {
      if (outcome.kind === 'not-run' && outcome.why === 'unknown') continue
      counted.push(!item.blocks && !(outcome.kind === 'not-run' && outcome.why !== 'failed'))
    }
    return made
  })
  const good = counted.filter(Boolean).length
  return {
    score: counted.length === 0 ? 100 : Math.floor((100 * good) / counted.length),
    refused: items.some((item) => item.blocks),
    items,
  }
}

function itemsOf(outcome: Outcome, accepted: ReadonlySet<string>): PrecheckItem[] {
  const { check, database } = outcome
  const { code, side, level, title } = check
  const base = { code, side, database, level, title, blocks: false, cause: null, remedy: null, details: [] }
  if (outcome.kind === 'not-run') {
    const broke = outcome.why === 'failed'
    const blocks = broke && isBlocking(check, code, accepted)
    const remedy = broke ? 'mend the cause, then check again' : null
    return [{ ...base, status: 'not-run', blocks, cause: outcome.cause, remedy }]
  }
  if (outcome.findings.length === 0) return [{ ...base, status: 'passed' }]
  return outcome.findings.map((finding) => {
    const own = finding.code ?? code
    const blocks = isBlocking(check, own, accepted)
    const status = level === 'warning' && !blocks ? 'acknowledged' : 'failed'
    const { cause, remedy = check.remedy, details = [] } = finding
    return { ...base, code: own, status, blocks, cause, remedy, details: [...details] }
  })
}

/** Whether what the check finds by this code stands in the way. */
export function isBlocking(check: Check, code: string, accepted: ReadonlySet<string>): boolean {
  switch (check.level) {
    case 'error':
      return true
    case 'warning':
      return !accepted.has(code) && !accepted.has(check.code)
    case 'info':
      return false
  }
}
