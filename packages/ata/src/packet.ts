/**
 * Command packets of a CD-ROM drive and what they answer with.
 *
 * @source SFF-8020i "ATA Packet Interface for CD-ROMs"; MMC-3 (INCITS 360)
 */

/** Operation codes. */
export const PACKET = {
  testUnitReady: 0x00,
  requestSense: 0x03,
  inquiry: 0x12,
  startStopUnit: 0x1b,
  preventAllowRemoval: 0x1e,
  readCapacity: 0x25,
  read10: 0x28,
  seek: 0x2b,
  readToc: 0x43,
  getConfiguration: 0x46,
  getEventStatus: 0x4a,
  readDiscInformation: 0x51,
  modeSense10: 0x5a,
  read12: 0xa8,
  mechanismStatus: 0xbd,
  readCd: 0xbe,
} as const;

/** Sense key, additional sense code and its qualifier. */
export type Sense = readonly [key: number, code: number, qualifier: number];

export const SENSE_NONE: Sense = [0x00, 0x00, 0x00];
export const SENSE_NO_MEDIUM: Sense = [0x02, 0x3a, 0x00];
export const SENSE_READ_ERROR: Sense = [0x03, 0x11, 0x00];
export const SENSE_INVALID_OPERATION: Sense = [0x05, 0x20, 0x00];
export const SENSE_OUT_OF_RANGE: Sense = [0x05, 0x21, 0x00];
export const SENSE_INVALID_FIELD: Sense = [0x05, 0x24, 0x00];
export const SENSE_NO_SAVED_PAGES: Sense = [0x05, 0x39, 0x00];
export const SENSE_REMOVAL_PREVENTED: Sense = [0x05, 0x53, 0x02];
export const SENSE_MEDIUM_CHANGED: Sense = [0x06, 0x28, 0x00];

const LEAD_OUT = 0xaa;
const DATA_TRACK = 0x14;
/** Two seconds before the first sector, in sectors. */
const PREGAP_SECTORS = 150;
/** Above this a medium is no CD but a DVD. */
const CD_SECTORS_MAX = 100 * 60 * 75;
const PROFILE_CD_ROM = 0x0008;
const PROFILE_DVD_ROM = 0x0010;

const u16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
export const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value)];
const text = (value: string, length: number): number[] =>
  Array.from(value.padEnd(length).slice(0, length), (letter) => letter.charCodeAt(0) & 0x7f);

export const wordAt = (packet: Uint8Array, at: number): number => ((packet[at] ?? 0) << 8) | (packet[at + 1] ?? 0);
export const doublewordAt = (packet: Uint8Array, at: number): number =>
  wordAt(packet, at) * 0x10000 + wordAt(packet, at + 2);

/** INQUIRY: a removable CD-ROM drive. */
export function inquiryData(model: string, revision: string): number[] {
  const space = model.indexOf(' ');
  const vendor = space < 0 ? model : model.slice(0, space);
  const product = space < 0 ? '' : model.slice(space + 1);
  return [0x05, 0x80, 0x00, 0x21, 31, 0, 0, 0, ...text(vendor, 8), ...text(product, 16), ...text(revision, 4)];
}

/** REQUEST SENSE, fixed format. */
export function senseData([key, code, qualifier]: Sense): number[] {
  return [0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, code, qualifier, 0, 0, 0, 0];
}

/** Minutes, seconds and frames of a sector. */
function address(lba: number, isTime: boolean): number[] {
  if (!isTime) return u32(lba);
  const frames = lba + PREGAP_SECTORS;
  return [0, Math.trunc(frames / 4500) & 0xff, Math.trunc(frames / 75) % 60, frames % 75];
}

/** READ TOC: one data track. @returns undefined for a format or a first track that there is not */
export function tocData(format: number, isTime: boolean, first: number, sectorCount: number): number[] | undefined {
  const withLength = (bytes: number[]): number[] => [...u16(bytes.length), ...bytes];
  const lead = [0, DATA_TRACK, LEAD_OUT, 0, ...address(sectorCount, isTime)];
  switch (format) {
    case 0x00:
      if (first > 1 && first !== LEAD_OUT) return undefined;
      return withLength([1, 1, ...(first === LEAD_OUT ? [] : [0, DATA_TRACK, 1, 0, ...address(0, isTime)]), ...lead]);
    case 0x01: // session information
      return withLength([1, 1, 0, DATA_TRACK, 1, 0, ...address(0, isTime)]);
    case 0x02: {
      // The lead-in: first track, last track, where the lead-out begins, and the track.
      const [, minutes = 0, seconds = 0, frames = 0] = address(sectorCount, true);
      const entry = (point: number, ...last: number[]): number[] => [1, DATA_TRACK, 0, point, 0, 0, 0, 0, ...last];
      return withLength([
        1,
        1,
        ...entry(0xa0, 1, 0, 0),
        ...entry(0xa1, 1, 0, 0),
        ...entry(0xa2, minutes, seconds, frames),
        ...entry(1, 0, 2, 0),
      ]);
    }
    default:
      return undefined;
  }
}

/** GET CONFIGURATION: profiles, core and removable medium. @param type 0 all, 1 the current ones, 2 the one that is asked for */
export function configurationData(type: number, first: number, sectorCount: number | null): number[] {
  const current = sectorCount === null ? 0 : sectorCount > CD_SECTORS_MAX ? PROFILE_DVD_ROM : PROFILE_CD_ROM;
  const profile = (number: number): number[] => [...u16(number), number === current ? 1 : 0, 0];
  const features: readonly [code: number, flags: number, data: number[]][] = [
    [0x0000, 0x03, [...profile(PROFILE_DVD_ROM), ...profile(PROFILE_CD_ROM)]],
    [0x0001, 0x0b, [...u32(2), 1, 0, 0, 0]], // core: ATAPI; device busy events
    [0x0003, 0x03, [0x29, 0, 0, 0]], // tray, can be ejected and locked
  ];
  const chosen = features.filter(([code]) => (type === 2 ? code === first : code >= first));
  const list = chosen.flatMap(([code, flags, data]) => [...u16(code), flags, data.length, ...data]);
  return [...u32(list.length + 4), 0, 0, ...u16(current), ...list];
}

/** GET EVENT STATUS NOTIFICATION: the media class. */
export function eventData(classes: number, isTrayOpen: boolean, isChanged: boolean): number[] {
  const media = 0x10;
  if ((classes & media) === 0) return [...u16(2), 0x80, media];
  return [...u16(6), 0x04, media, isChanged ? 0x02 : 0x00, isTrayOpen ? 0x01 : 0x02, 0, 0];
}

/** READ DISC INFORMATION: one finished session with one track. */
export function discInformation(): number[] {
  return [
    0,
    32,
    0x0e,
    1,
    1,
    1,
    1,
    0x20,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    ...new Array<number>(10).fill(0),
  ];
}

/** MODE SENSE(10): error recovery and capabilities. @returns undefined for a page that there is not */
export function modeData(page: number, state: { isTrayOpen: boolean; isTrayLocked: boolean }): number[] | undefined {
  const errors = [0x01, 6, 0, 5, 0, 0, 0, 0];
  const capabilities = [
    0x2a,
    18,
    0x3b,
    0x00, // reads CD-R, CD-RW, DVD
    0x70,
    0x60, // mode 2 forms, multisession
    0x29 | (state.isTrayLocked ? 0x02 : 0),
    0x00, // a tray that can be locked and opened
    ...u16(11_290),
    ...u16(2),
    ...u16(512),
    ...u16(11_290),
    0,
    0,
    0,
    0,
  ];
  const pages =
    page === 0x3f ? [...errors, ...capabilities] : page === 0x01 ? errors : page === 0x2a ? capabilities : undefined;
  if (pages === undefined) return undefined;
  const mediumType = state.isTrayOpen ? 0x71 : 0x01;
  return [...u16(pages.length + 6), mediumType, 0, 0, 0, 0, 0, ...pages];
}
