import { settingsToGroup } from '../../settings/data-plane-inputs.ts';
import type { Settings } from '../../settings/definitions.ts';
import type { Clock } from '../../timing/clock.ts';
import { checkCredentials } from './check-credentials.ts';
import { checkDevices } from './check-devices.ts';
import { checkFunctions } from './check-functions.ts';
import type { DeployedShim } from './deployed-shim.ts';
import { type Diagnosis, inArea } from './diagnosis.ts';

/** Asks the APIs of tailnets and remote functions, with the credentials that are in the settings. */
export async function diagnosePeers(
  settings: Settings,
  deployed: DeployedShim | undefined,
  parts: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Diagnosis[]> {
  const [credentials, functions] = await Promise.all([
    checkCredentials(settings, { ...parts, areElsewhere: (deployed?.secrets.size ?? 0) > 0 }),
    checkFunctions(settings, parts),
  ]);
  const { findings, devices } = credentials;
  return [
    ...inArea('Credentials', findings),
    ...inArea('Functions', functions),
    ...(devices === undefined
      ? []
      : inArea('Devices', checkDevices(devices, settingsToGroup(settings), parts.clock.now()))),
  ];
}
