import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A program in Go whose version, and those of all that it is made of, a module pins. */
export interface GoProgram {
  /** Folder of its pinned Go module. */
  readonly module: string;
  readonly package: string;
  readonly ldflags: string;
}

/** Where programs are built. */
export interface BuildOptions {
  /** Folder that has the folders of the modules. */
  readonly modules: string;
  readonly cacheDir: string;
  readonly tell: (what: string) => void;
}

/** Path of the program; it is built when `cacheDir` has none that is made of the same. */
export async function buildGoProgram(program: GoProgram, options: BuildOptions): Promise<string> {
  const dir = join(options.modules, program.module);
  const binary = join(options.cacheDir, `${program.module}-${await stampOf(program, dir)}`);
  if (await exists(binary)) return binary;
  options.tell(`building ${program.module} (minutes, once) into ${binary}`);
  await mkdir(options.cacheDir, { recursive: true });
  const staged = `${binary}.${process.pid}`;
  await go(dir, ['build', '-ldflags', program.ldflags, '-o', staged, program.package]);
  await rename(staged, binary);
  return binary;
}

/** Folder with the files of `module`, in the version that the Go module in `dir` pins; fetched where it is not there yet. */
export async function goModuleFolder(dir: string, module: string): Promise<string> {
  const found = (await go(dir, ['list', '-m', '-f', '{{.Dir}}', module])).trim();
  if (found !== '') return found;
  await go(dir, ['mod', 'download', module]);
  return goModuleFolder(dir, module);
}

/** Changes with whatever the binary is built from. */
async function stampOf(program: GoProgram, dir: string): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(program));
  for (const file of (await readdir(dir)).toSorted()) hash.update(file).update(await readFile(join(dir, file)));
  return hash.digest('hex').slice(0, 12);
}

async function go(cwd: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' };
  try {
    const { stdout } = await run('go', args, { cwd, env, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw new Error(
      missing ? 'Go 1.26 or newer is needed to build the peers: https://go.dev/dl' : `go ${args[0]} failed`,
      { cause },
    );
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
