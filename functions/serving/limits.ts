/** The largest request that a function reads, in bytes: tens of thousands of devices with their metadata. */
export const maxRequestBytes = 32 * 1024 * 1024;

/** How long a caller may take to send a request, in milliseconds. The time for an answer is the caller's deadline. */
export const maxRequestMs = 60_000;
