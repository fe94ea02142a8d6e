import type { Finding } from './diagnosis.ts';

const timeoutMs = 5000;

/** Whether the shim's own readiness can be asked for, and what it says: it names what is waited for. */
export async function checkReadiness(host: string, port: number, remedy: string): Promise<Finding> {
  const authority = host.includes(':') ? `[${host}]` : host;
  const subject = `readiness at ${host}:${port}`;
  try {
    const answer = await fetch(`http://${authority}:${port}/readyz`, { signal: AbortSignal.timeout(timeoutMs) });
    const said = (await answer.text())
      .trim()
      .slice(0, 200)
      .replaceAll(/\p{Cc}+/gu, ' ');
    if (answer.ok) return { level: 'ok', subject, detail: 'is ready' };
    const detail =
      answer.status === 503 ? `is not ready: ${said}` : `is no server of Tailway (status ${answer.status})`;
    return { level: 'problem', subject, detail, remedy: 'tailway status' };
  } catch (err) {
    const cause = err instanceof Error && err.cause instanceof Error ? err.cause.message : String(err);
    return { level: 'problem', subject, detail: `cannot be reached (${cause})`, remedy };
  }
}
