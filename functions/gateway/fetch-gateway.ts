import { answerRefusal, type Refusal } from '../serving/refusal.ts';
import { createAdmission, refuseUnknown } from './admission.ts';
import { callerSecretHeaders } from './caller-secret.ts';

/** What Cloudflare binds to the gateway: the secret `FUNCTIONS_TOKEN`, and functions by {@link bindingName}. */
export type GatewayBindings = Readonly<Record<string, unknown>>;

/** A service binding: https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/http/ */
interface ServiceBinding {
  fetch(request: Request): Promise<Response>;
}

/** The binding of a proto service: its full name with underscores for dots. */
export function bindingName(service: string): string {
  return service.replaceAll('.', '_');
}

/** Checks a call and passes it to the function that is bound to its proto service. */
export async function passThrough(request: Request, bindings: GatewayBindings): Promise<Response> {
  const token = bindings['FUNCTIONS_TOKEN'];
  const admit = createAdmission(typeof token === 'string' ? token : undefined);
  const admission = admit({
    path: new URL(request.url).pathname,
    authorization: request.headers.get('authorization') ?? undefined,
  });
  switch (admission.kind) {
    case 'healthy':
      return new Response('ok\n');
    case 'refused':
      return refuse(admission.refusal);
    case 'admitted': {
      const binding = findBinding(bindings, admission.service);
      return binding === undefined ? refuse(refuseUnknown().refusal) : await callBinding(binding, request);
    }
    default:
      return admission satisfies never;
  }
}

/** A Worker that breaks down, or is over its limits, throws here. */
async function callBinding(binding: ServiceBinding, request: Request): Promise<Response> {
  try {
    return await binding.fetch(withoutSecrets(request));
  } catch {
    return refuse({ code: 'unavailable', message: 'the function can not be reached, or has given no answer' });
  }
}

function findBinding(bindings: GatewayBindings, service: string): ServiceBinding | undefined {
  const name = bindingName(service);
  const binding = Object.hasOwn(bindings, name) ? bindings[name] : undefined;
  return typeof binding === 'object' && binding !== null && 'fetch' in binding
    ? (binding as ServiceBinding)
    : undefined;
}

function withoutSecrets(request: Request): Request {
  const headers = new Headers(request.headers);
  callerSecretHeaders.forEach((name) => headers.delete(name));
  return new Request(request, { headers });
}

function refuse(refusal: Refusal): Response {
  const { status, headers, body } = answerRefusal(refusal);
  return new Response(body, { status, headers });
}
