export {
  type AcpiAddresses,
  type AcpiMachine,
  acpiTables,
  FACS_SIZE_BYTES,
  type PlacedBytes,
  RSDP_SIZE_BYTES,
} from './acpi.ts';
export { type MpMachine, mpTables } from './mp.ts';
export { type SmbiosMachine, smbiosTables } from './smbios.ts';
