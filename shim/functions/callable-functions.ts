import type { DescMessage } from '@bufbuild/protobuf';
import type { CallableFunction } from './callable-function.ts';
import { clustersFunction } from './clusters-function.ts';
import { dataplaneFunction } from './dataplane-function.ts';
import { endpointsFunction } from './endpoints-function.ts';
import type { FunctionName } from './functions-client.ts';

/** A function of which it is not known which one it is: what goes in must be what its `method` says. */
export type AnyFunction = CallableFunction<DescMessage, DescMessage>;

/** All functions that the shim calls. */
export const callableFunctions: Readonly<Record<FunctionName, AnyFunction>> = {
  clusters: clustersFunction,
  dataplane: dataplaneFunction,
  endpoints: endpointsFunction,
};

/** Whether a text is the name of a function. */
export function isFunctionName(text: string): text is FunctionName {
  return Object.hasOwn(callableFunctions, text);
}
