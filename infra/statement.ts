import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam'

/** A statement that allows. */
export const allow = (sid: string, actions: string[], resources: string[], conditions: Record<string, unknown> = {}) =>
  new PolicyStatement({ sid, actions, resources, conditions })

/** A statement that denies, whatever else allows. */
export const deny = (sid: string, actions: string[], resources: string[], conditions: Record<string, unknown>) =>
  new PolicyStatement({ sid, effect: Effect.DENY, actions, resources, conditions })
