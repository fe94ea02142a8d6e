import { type HttpResponse } from '../listen/node.ts';
import { answerRefusal, type Refusal } from '../refusal.ts';

/** Says that the process is there. */
export function sendHealthy(response: HttpResponse): void {
  response.setHeader('content-type', 'text/plain');
  response.end('ok\n');
}

/** Sends a refusal, before anything of the request is read. */
export function sendRefusal(response: HttpResponse, refusal: Refusal): void {
  const { status, headers, body } = answerRefusal(refusal);
  response.statusCode = status;
  Object.entries(headers).forEach(([name, value]) => response.setHeader(name, value));
  response.end(body);
}
