import { type Device } from '../../proto/gen/tailway/tailnet/v1/device_pb.ts';
import { earlier, type Instant, timestampToInstant } from './instant.ts';
import { parseWeight, weightRule } from './weight.ts';
import { parseWholeNumber } from './whole-number.ts';

/** Metadata that counts as absent, with a sentence that says what would be valid. */
export interface RefusedMetadata {
  readonly subject: string;
  readonly value: string;
  readonly detail: string;
}

/** What a device's attributes say about its place and share. */
export interface DeviceSettings {
  /** `custom:lb-weight`. */
  readonly weight: number | undefined;
  /** `custom:lb-zone`, empty where there is none. */
  readonly zone: string;
  /** `custom:lb-priority`, 0 where there is none. */
  readonly priority: number;
  /** `custom:lb-port`. */
  readonly port: number | undefined;
  readonly refused: readonly RefusedMetadata[];
  /** The first moment after now at which one of these attributes ends; absent: never. */
  readonly changesAt: Instant | undefined;
}

/** The longest zone, in UTF-16 code units. */
const maxZoneLength = 256;

/** Reads the attributes that steer traffic. One that has ended counts as absent, so a timed drain needs no clean-up. */
export function readDeviceSettings(device: Device, now: Instant): DeviceSettings {
  const refused: RefusedMetadata[] = [];
  let changesAt: Instant | undefined;

  function read<T>(key: string, parse: (value: string) => T | undefined, rule: string): T | undefined {
    // A source may name an attribute anything, `constructor` too.
    const attribute = Object.hasOwn(device.attributes, key) ? device.attributes[key] : undefined;
    if (attribute === undefined) {
      return undefined;
    }
    if (attribute.expires !== undefined) {
      const expires = timestampToInstant(attribute.expires);
      if (expires <= now) {
        return undefined;
      }
      changesAt = earlier(changesAt, expires);
    }
    const value = parse(attribute.value);
    if (value === undefined) {
      refused.push({ subject: key, value: attribute.value, detail: `${key} does not count: ${rule}.` });
    }
    return value;
  }

  const weight = read('custom:lb-weight', parseWeight, weightRule);
  const zone = read('custom:lb-zone', parseZone, 'a zone is a text of 1 to 256 characters') ?? '';
  const priority = read('custom:lb-priority', parsePriority, 'a priority is a whole number from 0 to 127') ?? 0;
  const port = read('custom:lb-port', parsePort, 'a port is a whole number from 1 to 65535');
  return { weight, zone, priority, port, refused, changesAt };
}

/** A zone must survive the way to Envoy: half of a surrogate pair would become another text. */
function parseZone(value: string): string | undefined {
  const zone = value.trim();
  return zone === '' || zone.length > maxZoneLength || !zone.isWellFormed() ? undefined : zone;
}

function parsePriority(value: string): number | undefined {
  return parseWholeNumber(value, 0, 127);
}

function parsePort(value: string): number | undefined {
  return parseWholeNumber(value, 1, 65_535);
}
