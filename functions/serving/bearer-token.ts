import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

/** Answers whether an `Authorization` header carries one of the tokens. */
export type BearerCheck = (authorization: string | undefined) => boolean;

/**
 * Creates the check of bearer tokens. Several are valid at once while one replaces another. Hashes
 * are compared, each to its end, so that the time tells nothing of a token, not even its length.
 *
 * @param tokens the valid tokens, with commas between them
 * @throws Error when there is none: an empty secret must not open the door
 */
export function createBearerCheck(tokens: string): BearerCheck {
  const hashes = splitTokens(tokens).map(hashToken);
  if (hashes.length === 0) {
    throw new Error('no bearer token is given');
  }
  return (authorization) => {
    const [, token] = /^Bearer +([^ ].*)$/i.exec(authorization ?? '') ?? [];
    const presented = hashToken(token ?? '');
    const matches = hashes.filter((hash) => equalBytes(hash, presented)).length;
    return token !== undefined && matches > 0;
  };
}

/** Splits tokens with commas between them; spaces around them and empty ones do not count. */
export function splitTokens(tokens: string): string[] {
  return tokens
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '');
}

function hashToken(token: string): Uint8Array {
  return sha256(utf8ToBytes(token));
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (const [index, byte] of a.entries()) {
    difference |= byte ^ (b[index] ?? 0);
  }
  return difference === 0;
}
