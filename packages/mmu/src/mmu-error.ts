/** What went wrong: `tlb-placement`, `table-space`, `mapping`. */
export type MmuErrorCode = 'tlb-placement' | 'table-space' | 'mapping';

/** The one error class of this package: misuse while wiring. Guest behaviour never throws it. */
export class MmuError extends Error {
  readonly code: MmuErrorCode;

  constructor(code: MmuErrorCode, message: string) {
    super(message);
    this.name = 'MmuError';
    this.code = code;
  }
}
