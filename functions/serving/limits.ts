/** The largest request that a function reads, in bytes: tens of thousands of devices with their metadata. */
export const maxRequestBytes = 32 * 1024 * 1024;
