import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { acceptFinding } from './nag.ts'
import type { Options } from './options.ts'

/** How long the log of who read a report is kept, days. */
const ACCESS_LOG_DAYS = 90

/** Reports and other documents of the runs. They hold names of objects and error codes, never rows and never secrets. */
export class Storage extends Construct {
  readonly bucket: IBucket

  constructor(scope: Construct, id: string, options: Options, removalPolicy: RemovalPolicy, key: IKey | undefined) {
    super(scope, id)
    if (options.documentsBucket !== null) {
      // Its encryption, its log and what it forgets are its owner's matter.
      this.bucket = Bucket.fromBucketName(this, 'Documents', options.documentsBucket)
      return
    }
    const common: BucketProps = {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy,
      ...(removalPolicy === RemovalPolicy.DESTROY ? { autoDeleteObjects: true } : {}),
    }
    const accessLog = new Bucket(this, 'AccessLog', {
      ...common,
      // S3 delivers access logs only into buckets with its own encryption.
      encryption: BucketEncryption.S3_MANAGED,
      lifecycleRules: [{ expiration: Duration.days(ACCESS_LOG_DAYS) }],
    })
    acceptFinding(accessLog, 'AwsSolutions-S1', 'it is the bucket that the access log of the other one is written to')
    const bucket = new Bucket(this, 'Documents', {
      ...common,
      versioned: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      // The library’s own class does not fit its interface under exactOptionalPropertyTypes.
      serverAccessLogsBucket: accessLog as IBucket,
      serverAccessLogsPrefix: 'documents/',
      encryption: key ? BucketEncryption.KMS : BucketEncryption.S3_MANAGED,
      ...(key ? { encryptionKey: key, bucketKeyEnabled: true } : {}),
      lifecycleRules: [
        // Reports only. What may be open is listed below open/ until it is closed, however long that takes.
        { prefix: 'runs/', expiration: Duration.days(options.reportDays) },
        {
          noncurrentVersionExpiration: Duration.days(30),
          expiredObjectDeleteMarker: true,
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
    })
    // The library’s own class does not fit its interface under exactOptionalPropertyTypes.
    this.bucket = bucket as IBucket
  }
}
