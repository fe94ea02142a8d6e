import { toBinary } from '@bufbuild/protobuf';
import {
  type HeaderMatcher,
  HeaderMatcherSchema,
  type RouteMatch,
} from '../../proto/gen/envoy/config/route/v3/route_components_pb.ts';
import { type ExistingRoute } from '../../proto/gen/tailway/routes/v1/routes_pb.ts';
import { compareText } from '../compare-text.ts';

/** A route of the gateway, as far as it decides on the places of others. */
export interface PreparedRoute {
  readonly name: string;
  readonly path: RoutePath;
  /** Conditions besides the path. */
  readonly conditions: number;
  /** The conditions, if they are nothing but headers: equal for equal ones. */
  readonly headers: string | undefined;
}

/** The paths of a route: everything that begins with a text, one path, or some of what begins with a text. */
export interface RoutePath {
  readonly kind: 'prefix' | 'exact' | 'pattern';
  /** In lower case where case does not count. */
  readonly text: string;
  readonly ignoreCase: boolean;
  /** Whether a prefix ends where a segment of the path does. */
  readonly separated: boolean;
}

/**
 * How a route of the gateway relates to one that is to be injected: it takes none of its requests, it comes first since
 * it is as specific or more, it comes later since it is less specific, or it takes them all with the same match.
 */
export type Relation = 'disjoint' | 'before' | 'after' | 'same';

/** Expressions that stand for every path, and so are catch-alls. */
const everything: ReadonlySet<string> = new Set(['.*', '/.*', '.+', '/.+', '(.*)', '/(.*)']);

/** Reads what decides out of a route of the gateway. */
export function prepareRoute({ name, match }: ExistingRoute): PreparedRoute {
  const headers = match?.headers ?? [];
  const others = countOtherConditions(match);
  return {
    name,
    path: readPath(match),
    conditions: headers.length + others,
    headers: others === 0 ? formatHeaders(headers) : undefined,
  };
}

/** Writes header conditions so that equal ones are equal, whatever their order. */
export function formatHeaders(headers: readonly HeaderMatcher[]): string {
  return headers
    .map((header) => toBinary(HeaderMatcherSchema, header).join(' '))
    .toSorted(compareText)
    .join(', ');
}

/**
 * Relates a route of the gateway to the route of a path and everything under it. The rules are the Gateway API's: a
 * path itself and a pattern come before prefixes, a longer prefix before a shorter one, more conditions before fewer;
 * among equals the user's own comes first.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule
 */
export function relateRoute(
  route: PreparedRoute,
  injected: { readonly path: string; readonly conditions: number; readonly headers: string },
): Relation {
  const path = route.path.ignoreCase ? injected.path.toLowerCase() : injected.path;
  const relation = relatePath(route.path, path);
  if (relation !== 'same') {
    return relation;
  }
  if (route.headers === injected.headers) {
    return 'same';
  }
  return route.conditions >= injected.conditions ? 'before' : 'after';
}

function relatePath({ kind, text, separated }: RoutePath, path: string): Relation {
  const isUnder = text.startsWith(`${path}/`);
  switch (kind) {
    case 'exact':
      return text === path || isUnder ? 'before' : 'disjoint';
    case 'prefix':
      if (text === path) {
        return 'same';
      }
      if (isUnder) {
        return 'before';
      }
      return path.startsWith(separated ? `${text}/` : text) ? 'after' : 'disjoint';
    case 'pattern':
      return isUnder || `${path}/`.startsWith(text) ? 'before' : 'disjoint';
    default:
      return kind satisfies never;
  }
}

function readPath(match: RouteMatch | undefined): RoutePath {
  const specifier = match?.pathSpecifier;
  const ignoreCase = match?.caseSensitive === false;
  const toPath = (kind: RoutePath['kind'], text: string, separated = false): RoutePath => ({
    kind,
    text: ignoreCase ? text.toLowerCase() : text,
    ignoreCase,
    separated,
  });
  switch (specifier?.case) {
    case 'prefix':
      return toPath('prefix', specifier.value);
    case 'pathSeparatedPrefix':
      return toPath('prefix', specifier.value, true);
    case 'path':
      return toPath('exact', specifier.value);
    case 'safeRegex': {
      const expression = specifier.value.regex.replace(/^\^/, '').replace(/\$$/, '');
      return everything.has(expression) ? toPath('prefix', '') : toPath('pattern', literalStart(expression));
    }
    case 'pathMatchPolicy':
      return toPath('pattern', '');
    case 'connectMatcher':
      // CONNECT has no path: no request is both its and ours.
      return toPath('exact', '');
    default:
      return toPath('prefix', '');
  }
}

/** What every path that an expression matches begins with. */
function literalStart(expression: string): string {
  if (expression.includes('|') || expression.startsWith('(?')) {
    return '';
  }
  const [literal = ''] = /^(?:[^\\.*+?^${}()|[\]]|\\[.\-/_])*/.exec(expression) ?? [];
  const next = expression[literal.length] ?? '';
  // A repetition is about the last character, which so may be missing.
  const certain = '*?{'.includes(next) && next !== '' ? literal.replace(/\\?.$/, '') : literal;
  return certain.replaceAll(/\\(.)/g, '$1');
}

function countOtherConditions(match: RouteMatch | undefined): number {
  if (match === undefined) {
    return 0;
  }
  const { queryParameters, cookies, dynamicMetadata, filterState, grpc, runtimeFraction, tlsContext } = match;
  const lists = queryParameters.length + cookies.length + dynamicMetadata.length + filterState.length;
  return lists + [grpc, runtimeFraction, tlsContext].filter((condition) => condition !== undefined).length;
}
