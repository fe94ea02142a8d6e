/** Asks `probe` again until it gives something other than `undefined`; rejects after `timeoutMs` with what was waited for. */
export async function waitFor<T>(
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
  timeoutMs = 60_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let failure: unknown;
  for (;;) {
    try {
      const result = await probe();
      if (result !== undefined) return result;
    } catch (err) {
      failure = err;
    }
    if (performance.now() > deadline) throw new Error(`gave up waiting for ${what}`, { cause: failure });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
