/**
 * INT 10h AH=4Fh: the VESA BIOS extensions, version 2.0, where the adapter has the display interface of Bochs.
 *
 * **Not emulated**: the protected-mode interface (AX=4F0Ah), power management and display identification; characters and
 * pixels by INT 10h AH=09h to 0Eh in these modes; windows that are moved by a far call.
 *
 * @source VESA BIOS Extension (VBE) Core Functions 2.0
 */
import type { ServiceCall } from '../../call.ts';
import type { Firmware } from '../../firmware.ts';
import { videoState } from '../state-storage.ts';
import { type CurrentMode, currentVesaMode, type Display, findDisplay } from './display.ts';
import { dacWidth, displayStart, paletteData, scanLineLength, windowControl } from './display-service.ts';
import { controllerInformation, modeInformation } from './information.ts';
import { currentModeNumber, setVesaMode } from './mode-set.ts';
import { modesOf } from './modes.ts';
import { VESA_FAILED, VESA_INVALID_IN_MODE, VESA_NO_FUNCTION, VESA_OK, type VesaStatus } from './status.ts';

type ModeFunction = (firmware: Firmware, call: ServiceCall, current: CurrentMode) => VesaStatus;

/** Functions that need a VESA mode to be on. */
const MODE_FUNCTIONS: Readonly<Record<number, ModeFunction>> = {
  5: windowControl,
  6: scanLineLength,
  7: displayStart,
  8: dacWidth,
};

/** AH=4Fh. */
export function vesa(firmware: Firmware, call: ServiceCall): void {
  const display = findDisplay(firmware);
  const status = display === undefined ? VESA_NO_FUNCTION : serve(firmware, call, display);
  if (status === VESA_NO_FUNCTION) firmware.unsupported(call);
  call.ax = status;
}

function serve(firmware: Firmware, call: ServiceCall, display: Display): VesaStatus {
  switch (call.al) {
    case 0x00:
      controllerInformation(firmware, call, display);
      return VESA_OK;
    case 0x01: {
      const mode = modesOf(display).find(({ number }) => number === (call.cx & 0x3fff));
      if (mode === undefined) return VESA_FAILED;
      modeInformation(firmware, call, display, mode);
      return VESA_OK;
    }
    case 0x02:
      return setVesaMode(firmware, call.bx, display) ? VESA_OK : VESA_FAILED;
    case 0x03:
      call.bx = currentModeNumber(firmware);
      return VESA_OK;
    case 0x04:
      return videoState(firmware, call, call.dl) ? VESA_OK : VESA_FAILED;
    case 0x09:
      return paletteData(firmware, call);
    default: {
      const handler = MODE_FUNCTIONS[call.al];
      if (handler === undefined) return VESA_NO_FUNCTION;
      const current = currentVesaMode(firmware);
      return current === undefined ? VESA_INVALID_IN_MODE : handler(firmware, call, current);
    }
  }
}
