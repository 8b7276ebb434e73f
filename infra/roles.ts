import { Aspects, CfnResource, type IAspect } from 'aws-cdk-lib'
import { CfnRole, ManagedPolicy, PermissionsBoundary } from 'aws-cdk-lib/aws-iam'
import type { Construct, IConstruct } from 'constructs'
import type { Options } from './options.ts'

/** The account's rules for roles: what bounds them, and where they stand. */
export function ruleRoles(scope: Construct, { permissionsBoundary, rolePath }: Options): void {
  if (permissionsBoundary !== null) {
    const policy = ManagedPolicy.fromManagedPolicyArn(scope, 'PermissionsBoundary', permissionsBoundary)
    PermissionsBoundary.of(scope).apply(policy)
  }
  if (rolePath !== '/') Aspects.of(scope).add(new RolePath(rolePath))
}

/** Those too that CDK makes for its own purposes. */
class RolePath implements IAspect {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  visit(node: IConstruct): void {
    if (node instanceof CfnRole) node.path = this.#path
    else if (CfnResource.isCfnResource(node) && node.cfnResourceType === 'AWS::IAM::Role') {
      node.addPropertyOverride('Path', this.#path)
    }
  }
}
