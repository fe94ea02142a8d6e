/** The largest request that a function reads, in bytes: tens of thousands of devices with their metadata. */
export const maxRequestBytes = 32 * 1024 * 1024;

/** The largest request of gRPC's own services, in bytes: a name. Their health check is for everybody, without a token. */
export const maxProbeBytes = 64 * 1024;

/**
 * The messages, items of lists, entries of maps and unknown fields of a request, all together: on average one in 17 bytes
 * of the largest request, where a device with its addresses and tags needs one in 25. Each takes hundreds of bytes once it
 * is decoded.
 */
export const maxRequestItems = 2_000_000;

/** The commas, colons and opening brackets of a request in JSON, on average one in 13 bytes of the largest request. */
export const maxJsonTokens = 2_500_000;

/** How deep messages may stand in each other: deeper ones are not decoded by default. */
export const maxMessageDepth = 100;

/** How long a caller may take to send a request, in milliseconds. The time for an answer is the caller's deadline. */
export const maxRequestMs = 60_000;
