import type { Settings } from '../../settings/definitions.ts';
import { parseSettings } from '../../settings/settings.ts';
import { type Diagnosis, inArea } from './diagnosis.ts';

/** The settings of a shim. */
export interface DoctorSettings {
  /** Undefined: they are wrong. */
  readonly settings: Settings | undefined;
  readonly errors: readonly string[];
}

/** Reads the settings that a shim with these flags and variables has. */
export function readSettings(flags: readonly string[], environment: Readonly<NodeJS.ProcessEnv>): DoctorSettings {
  const parsed = parseSettings(flags, environment);
  return parsed.kind === 'settings'
    ? { settings: parsed.settings, errors: [] }
    : { settings: undefined, errors: parsed.kind === 'errors' ? parsed.errors : [] };
}

/** Tells what is wrong with them. */
export function diagnoseSettings({ errors }: DoctorSettings): Diagnosis[] {
  const subject = 'settings';
  if (errors.length === 0) return inArea('Settings', [{ level: 'ok', subject, detail: 'all settings are valid' }]);
  return inArea(
    'Settings',
    errors.map((detail) => ({ level: 'problem', subject, detail, remedy: 'tailway serve --help' })),
  );
}
