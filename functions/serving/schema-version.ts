import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';

/**
 * The version of the contracts in `proto/tailway`, all of them together. It goes up by one whenever a function of the
 * version before would answer the same request otherwise: a new field or value that decides something, a default or a
 * sentence's meaning that changes. Comments, and fields of a response that nobody must read, leave it as it is.
 */
export const schemaVersion: number = 1;

/** The oldest callers that are answered: goes up when something that they rely on is taken away. */
export const oldestSchemaVersion: number = 1;

/**
 * The header that tells older and newer apart from broken, in both directions, a decimal number.
 *
 * - A caller sends the version of its own contracts with each call. Without the header (a person with `curl`) it is
 *   taken to be of the function's version.
 * - A function tells its own version in each response that comes from it, success or error, over every protocol.
 *   A response without the header comes from somebody in between (a gateway's 401, a proxy's 502) or from no
 *   function at all.
 * - A function that can't serve the caller's version refuses with FAILED_PRECONDITION, whatever the request says.
 *
 * A caller compares with {@link compareSchemaVersion}: a failure with another version than its own is skew, not a fault,
 * and a success with an older version is not to be used.
 */
export const schemaVersionHeader = 'tailway-schema-version';

/** What a function's version is beside the caller's; `unknown`: no function of ours has answered. */
export type SchemaSkew = 'same' | 'older' | 'newer' | 'unknown';

/**
 * Compares the version of a function with the caller's own.
 *
 * @param header the value of {@link schemaVersionHeader} in a response
 */
export function compareSchemaVersion(header: string | null | undefined, own: number = schemaVersion): SchemaSkew {
  const version = parseSchemaVersion(header);
  if (version === undefined) {
    return 'unknown';
  }
  return version === own ? 'same' : version < own ? 'older' : 'newer';
}

/**
 * Refuses callers whose contracts this function can't serve.
 *
 * @param header the value of {@link schemaVersionHeader} in a request
 * @throws ConnectError FailedPrecondition that says which side is the older one; InvalidArgument when it is no version
 */
export function checkCallerVersion(header: string | null): void {
  if (header === null) {
    return;
  }
  const version = parseSchemaVersion(header);
  if (version === undefined) {
    throw new ConnectError(`${schemaVersionHeader} must be a whole number from 1`, Code.InvalidArgument);
  }
  if (version > schemaVersion) {
    throw skew(`the caller's is ${version}: deploy this function again from the caller's release`);
  }
  if (version < oldestSchemaVersion) {
    throw skew(`the caller's is ${version}: bring the caller up to this function's release`);
  }
}

/**
 * Refuses calls as {@link checkCallerVersion} does. The request has been read by then: an answer ahead of it reaches
 * some clients of HTTP/2 as a stream that has ended without a status.
 */
export const refuseOtherSchemas: Interceptor = (next) => async (request) => {
  checkCallerVersion(request.header.get(schemaVersionHeader));
  return await next(request);
};

function skew(sentence: string): ConnectError {
  const served =
    oldestSchemaVersion === schemaVersion ? `version ${schemaVersion}` : `${oldestSchemaVersion} to ${schemaVersion}`;
  return new ConnectError(`schema ${served} is served, and ${sentence}`, Code.FailedPrecondition);
}

function parseSchemaVersion(header: string | null | undefined): number | undefined {
  return header !== null && header !== undefined && /^[1-9][0-9]{0,8}$/.test(header) ? Number(header) : undefined;
}
