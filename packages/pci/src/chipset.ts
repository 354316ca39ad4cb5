/**
 * The functions of the chipset that PCs of 1996 have: an 82441FX host bridge, and of an 82371SB (PIIX3) the ISA bridge
 * and the IDE interface. Registers that the guest can write keep what is written.
 *
 * **Not emulated**: what the registers would do but for the IDE function's command register and base address, and for the
 * memory attributes (PAM), which the machine follows: SMRAM, interrupt routing (PIRQRC), timings, decode enables, APIC, USB.
 *
 * @source Intel 82441FX (PMC) datasheet, "PCI Configuration Space"; Intel 82371SB (PIIX3) datasheet, "PCI Configuration
 * Registers", functions 0 and 1
 */
import {
  COMMAND_BUS_MASTER,
  COMMAND_IO,
  type ConfigField,
  type ConfigLayout,
  HEADER_MULTIFUNCTION,
} from './config-space.ts';

const INTEL = 0x8086;
const COMMAND_PARITY = 0x0040;
const COMMAND_SERR = 0x0100;
const COMMAND_SPECIAL_CYCLES = 0x0008;

const byte = (offset: number, value: number, writable = 0xff): ConfigField => ({
  offset,
  sizeBytes: 1,
  value,
  writable,
});
const word = (offset: number, value: number, writable = 0xffff): ConfigField => ({
  offset,
  sizeBytes: 2,
  value,
  writable,
});

/** The 82441FX: device 0. */
export const HOST_BRIDGE_82441FX: ConfigLayout = {
  vendorId: INTEL,
  deviceId: 0x1237,
  revision: 2,
  classCode: 0x060000,
  command: 0x0006,
  commandWritable: COMMAND_PARITY | COMMAND_SERR,
  status: 0x0280,
  statusClearable: 0xf900,
  fields: [
    byte(0x0d, 0x00, 0xf8), // MLT
    word(0x50, 0x0000), // PMCCFG
    byte(0x52, 0x00), // DETURBO
    byte(0x53, 0x80), // DBC
    byte(0x54, 0x00), // AXC
    word(0x55, 0x0000), // DRT
    byte(0x57, 0x01), // DRAMC
    byte(0x58, 0x10), // DRAMT
    ...[0x59, 0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f].map((offset) => byte(offset, 0x00, offset === 0x59 ? 0xf0 : 0xff)), // PAM
    ...[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67].map((offset) => byte(offset, 0x01)), // DRB
    byte(0x68, 0x00), // FDHC
    byte(0x70, 0x00), // MTT
    byte(0x71, 0x10), // CLT
    byte(0x72, 0x02, 0x78), // SMRAM
    byte(0x90, 0x00), // ERRCMD
    { offset: 0x91, sizeBytes: 1, value: 0x00, clearable: 0x11 }, // ERRSTS
    byte(0x93, 0x00), // TRC
  ],
};

/** The PIIX3's function 0, the ISA bridge. */
export const ISA_BRIDGE_PIIX3: ConfigLayout = {
  vendorId: INTEL,
  deviceId: 0x7000,
  revision: 0,
  classCode: 0x060100,
  headerType: HEADER_MULTIFUNCTION,
  command: 0x0007,
  commandWritable: COMMAND_SPECIAL_CYCLES | COMMAND_SERR,
  status: 0x0200,
  statusClearable: 0x7800,
  fields: [
    byte(0x4c, 0x4d), // IORT
    word(0x4e, 0x0003), // XBCS
    ...[0x60, 0x61, 0x62, 0x63].map((offset) => byte(offset, 0x80, 0x8f)), // PIRQRC
    byte(0x69, 0x02, 0xfe), // TOM
    word(0x6a, 0x0000), // MSTAT
    byte(0x70, 0x80, 0xef), // MBIRQ0
    ...[0x76, 0x77].map((offset) => byte(offset, 0x04, 0x8f)), // MBDMA
    word(0x78, 0x0002), // PCSC
    byte(0x80, 0x00, 0x7f), // APICBASE
    byte(0x82, 0x00, 0x0f), // DLC
    byte(0xa0, 0x08, 0x1f), // SMICNTL
    word(0xa2, 0x0000), // SMIEN
    { offset: 0xa4, sizeBytes: 4, value: 0, writable: 0xffff_ffff }, // SEE
    byte(0xa8, 0x0f), // FTMR
    { offset: 0xaa, sizeBytes: 2, value: 0, writable: 0xffff }, // SMIREQ
    byte(0xac, 0x00), // CTLTMR
    byte(0xae, 0x00), // CTHTMR
  ],
};

/** The PIIX3's function 1, the IDE interface: legacy ports, and bus master registers behind base address 4. */
export const IDE_PIIX3: ConfigLayout = {
  vendorId: INTEL,
  deviceId: 0x7010,
  revision: 0,
  classCode: 0x010180,
  command: 0x0000,
  commandWritable: COMMAND_IO | COMMAND_BUS_MASTER,
  status: 0x0280,
  statusClearable: 0x3800,
  baseAddresses: { 4: { space: 'io', sizeBytes: 16 } },
  fields: [
    byte(0x0d, 0x00, 0xf0), // MLT
    word(0x40, 0x0000), // IDETIM, primary
    word(0x42, 0x0000), // IDETIM, secondary
    byte(0x44, 0x00), // SIDETIM
  ],
};
