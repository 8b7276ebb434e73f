import { fileURLToPath } from 'node:url'
import { App, Validations } from 'aws-cdk-lib'
import { Code } from 'aws-cdk-lib/aws-lambda'
import { AwsSolutionsChecks } from 'cdk-nag'
import { describeBundles } from './bundle.ts'
import { bundleFunctions } from './bundle-functions.ts'
import { deployment } from './deployment.ts'
import { discoverEgress } from './discover-egress.ts'
import { MigrationStack } from './migration-stack.ts'
import { readOptions } from './options.ts'

// What goes wrong here is the deployer's to read: its message, not the way through this program.
process.on('uncaughtException', (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})

/** What `cdk` runs (cdk.json). Standard output belongs to nobody, standard error is shown. */
const app = new App()
const options = await discoverEgress(readOptions(deployment, app.node.getAllContext()))

const out = fileURLToPath(new URL('../.build', import.meta.url))
const bundles = await bundleFunctions(out)
process.stderr.write(`${describeBundles(bundles)}\n`)

new MigrationStack(app, 'Sampan', {
  options,
  code: (name) => Code.fromAsset(`${out}/${name}`),
  env: {
    ...(options.account ? { account: options.account } : {}),
    ...(options.region ? { region: options.region } : {}),
  },
})
Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
app.synth()
