export { ACPI_PM_PORT_COUNT, AcpiPm, type AcpiPmDependencies, AcpiPmError, type AcpiPmState } from './acpi-pm.ts';
