import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import type { Bundle } from './bundles.ts';
import { narrowKubeConfig } from './narrow-kube-config.ts';
import { findBundledPackages, formatLicenses } from './licenses.ts';

/** A bundle that was built. */
export interface BuiltBundle extends Bundle {
  readonly path: string;
  readonly bytes: number;
}

/** CommonJS packages within an ES module ask for Node's own modules by `require`. */
const banner = `import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);`;

const options = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // Names stay, so that stack traces can be read without the source map beside the file.
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: 'linked',
  // LICENSES.txt has them whole.
  legalComments: 'none',
  banner: { js: banner },
  metafile: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/**
 * Builds each program into one file of `outDir`, `<name>.mjs` with its source map, which needs Node 24 and nothing else, and the
 * licences of all packages within into `LICENSES.txt`. What `outDir` held before is gone.
 */
export async function buildBundles(
  bundles: readonly Bundle[],
  paths: { readonly root: string; readonly outDir: string },
): Promise<BuiltBundle[]> {
  const { root, outDir } = paths;
  await rm(outDir, { recursive: true, force: true });
  const built: BuiltBundle[] = [];
  const inputs = new Set<string>();
  for (const bundle of bundles) {
    const path = join(outDir, `${bundle.name}.mjs`);
    const { metafile } = await build({
      ...options,
      absWorkingDir: root,
      entryPoints: [bundle.entry],
      outfile: path,
      plugins: [narrowKubeConfig(root)],
    });
    for (const output of Object.values(metafile.outputs)) {
      if (output.entryPoint === undefined) continue;
      built.push({ ...bundle, path, bytes: output.bytes });
      for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) if (bytesInOutput > 0) inputs.add(input);
    }
  }
  await writeFile(join(outDir, 'LICENSES.txt'), formatLicenses(await findBundledPackages(root, inputs)));
  return built;
}
