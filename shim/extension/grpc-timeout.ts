const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/**
 * Reads a `grpc-timeout` header as milliseconds; undefined for none, and for one that is malformed, which means the same.
 *
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests
 */
export function parseGrpcTimeout(header: string | readonly string[] | undefined): number | undefined {
  const [, amount, unit = ''] = /^([0-9]{1,8})([HMSmun])$/.exec(String(header ?? '')) ?? [];
  return amount === undefined ? undefined : Number(amount) * (unitMs[unit] ?? 0);
}
