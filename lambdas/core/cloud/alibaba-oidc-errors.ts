import type { SampanErrorFields } from '../runtime/errors.ts'
import type { AlibabaFailure } from './alibaba-errors.ts'

/**
 * What Alibaba's STS says of a role that is not given out, as Sampan's codes.
 * https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-errorcodes
 * @returns `undefined` where it is about something else
 */
export function roleRefusal({ code, message }: AlibabaFailure, said: string): SampanErrorFields | undefined {
  if (code === 'EntityNotExist.Role') {
    return {
      code: 'ALIBABA_ROLE_MISSING',
      message: said,
      remedy: 'make the RAM role, or correct its ARN: acs:ram::ACCOUNT:role/NAME, the name in small letters',
    }
  }
  // One code for both; only the text tells them apart.
  if (code === 'AuthenticationFail.NoPermission' && /no such oidc provider/i.test(message)) {
    return {
      code: 'ALIBABA_OIDC_PROVIDER_MISSING',
      message: said,
      remedy:
        'make the OIDC provider in RAM with the issuer that `aws iam get-outbound-web-identity-federation-info` tells, or correct its ARN',
    }
  }
  if (code === 'AuthenticationFail.NoPermission') {
    return {
      code: 'ALIBABA_ROLE_TRUSTS_OTHERS',
      message: said,
      remedy:
        'give the RAM role the trust policy of the stack’s output AlibabaRoleTrust: its issuer, audience and the roles of the functions',
    }
  }
  if (code === 'AuthenticationFail.OIDCToken.AudienceNotMatch') {
    return {
      code: 'ALIBABA_OIDC_AUDIENCE_REFUSED',
      message: said,
      remedy:
        'add the audience of the option `alibabaRole` (sts.aliyuncs.com by default) to the client IDs of the OIDC provider',
    }
  }
  if (/^AuthenticationFail\.OIDCToken\.(PublicKeyFingerprintMismatch|HttpsUrlInvalid)/.test(code)) {
    return {
      code: 'ALIBABA_OIDC_FINGERPRINT_REFUSED',
      message: said,
      remedy:
        'get the fingerprint of the issuer’s certificate again at the OIDC provider in the RAM console, and add it',
    }
  }
  // It lives for five minutes and is handed over at once: the call was held up, and each attempt has a token of its own.
  if (code === 'AuthenticationFail.OIDCToken.Expired') {
    return {
      code: 'ALIBABA_OIDC_TOKEN_EXPIRED',
      message: said,
      remedy:
        'nothing at first: it is tried again with another token; if it comes back, look at what holds calls to sts.aliyuncs.com up',
      retryable: true,
    }
  }
  if (!code.startsWith('AuthenticationFail.OIDCToken')) return undefined
  return {
    code: 'ALIBABA_OIDC_TOKEN_REFUSED',
    message: said,
    remedy: 'compare the issuer of the OIDC provider with that of `aws iam get-outbound-web-identity-federation-info`',
  }
}
