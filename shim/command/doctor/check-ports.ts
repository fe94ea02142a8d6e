import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../../proto/gen/grpc/health/v1/health_pb.ts';
import type { Finding } from './diagnosis.ts';

/** A gRPC server that should serve. */
export interface PortPlace {
  /** What it is for. */
  readonly use: string;
  readonly host: string;
  readonly port: number;
}

const timeoutMs = 5000;

/** Whether the gRPC servers can be reached from here, and say that they serve. */
export async function checkPorts(places: readonly PortPlace[], remedy: string): Promise<Finding[]> {
  return Promise.all(places.map((place) => checkPort(place, remedy)));
}

async function checkPort({ use, host, port }: PortPlace, remedy: string): Promise<Finding> {
  const subject = `${use} at ${host}:${port}`;
  const authority = host.includes(':') ? `[${host}]` : host;
  const transport = createGrpcTransport({ baseUrl: `http://${authority}:${port}` });
  try {
    const { status } = await createClient(Health, transport).check({}, { timeoutMs });
    if (status === ServingStatus.SERVING) return { level: 'ok', subject, detail: 'serves' };
    const detail = 'answers, but does not serve yet: it waits for its first devices or resources';
    return { level: 'problem', subject, detail, remedy: 'tailway status says what it waits for' };
  } catch (err) {
    const { code, rawMessage } = ConnectError.from(err);
    const other = code === Code.Unimplemented || code === Code.Unknown;
    const detail = other ? `is no server of Tailway (${rawMessage})` : `cannot be reached (${rawMessage})`;
    return { level: 'problem', subject, detail, remedy };
  }
}
