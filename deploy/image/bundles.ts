/** A program that is shipped as one file. */
export interface Bundle {
  /** Its file in `dist/` is `<name>.mjs`. */
  readonly name: string;
  /** Where it begins, from the root of the repository. */
  readonly entry: string;
}

/** What the images are made of. `tailway` holds the shim too: `tailway serve`. */
export const bundles: readonly Bundle[] = [
  { name: 'tailway', entry: 'deploy/command/tailway.ts' },
  { name: 'server', entry: 'deploy/demo/server.ts' },
  { name: 'functions', entry: 'functions/node.ts' },
  { name: 'functions-gateway', entry: 'functions/gateway/node.ts' },
];
