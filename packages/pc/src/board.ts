import { ACPI_PM_PORT_COUNT, AcpiPm } from '@longmode/acpi-pm';
import type { AtaChannel } from '@longmode/ata';
import { BIOS_TRAP_PORT, Bios, floppyDriveType, ROM_BASE, ROM_SIZE_BYTES } from '@longmode/bios';
import { CPU_MODELS, Cpu, FIELD } from '@longmode/cpu-x86';
import type { InterruptLine } from '@longmode/device';
import { Floppy82077aa } from '@longmode/floppy-82077aa';
import { FW_CFG_PORT_COUNT } from '@longmode/fw-cfg';
import { HPET_SIZE_BYTES, type Hpet } from '@longmode/hpet';
import { IO_APIC_SIZE_BYTES, type IoApic82093aa } from '@longmode/io-apic-82093aa';
import { Kbc8042 } from '@longmode/kbc-8042';
import { LOCAL_APIC_ADDRESS, LOCAL_APIC_SIZE_BYTES, type LocalApic } from '@longmode/local-apic';
import { Machine, MemoryMap, OrWire, PortBus, VirtualClock } from '@longmode/machine';
import { bochsDisplay, HOST_BRIDGE_82441FX, IDE_PIIX3, ISA_BRIDGE_PIIX3, PCI_CONFIG_DATA, PciBus } from '@longmode/pci';
import type { Pic8259a } from '@longmode/pic-8259a';
import { Pit8254, SystemControlPortB } from '@longmode/pit-8254';
import { cmosForMemory, Rtc146818 } from '@longmode/rtc-146818';
import { Uart16550 } from '@longmode/uart-16550';
import {
  DISPI_PORT_BASE,
  DISPI_PORT_COUNT,
  DISPI_PORT_OFFSET,
  FONT_8X8,
  FONT_8X14,
  FONT_8X16,
  VGA_MEMORY_BASE,
  VGA_MEMORY_SIZE,
  VGA_PORT_BASE,
  VGA_PORT_COUNT,
  VGA_VIDEO_MEMORY_SIZE,
  Vga,
} from '@longmode/vga';
import { type PcConfig, RAM_SIZE_DEFAULT_BYTES } from './config.ts';
import { FirmwareCpuAccess, FirmwareMemoryAccess } from './firmware-access.ts';
import {
  FirmwareRom,
  firmwareConfiguration,
  HOST_BRIDGE_WITH_FW_CFG,
  IDE_FOR_FIRMWARE_ROM,
  writeBootOrder,
} from './firmware-rom.ts';
import { FloppyTray } from './floppy-tray.ts';
import { guestEars } from './guest-ears.ts';
import { InterruptHistory } from './interrupt-history.ts';
import { HPET_ADDRESS, Interrupts, IO_APIC_ADDRESS, interruptSource, localApicOfProcessor } from './interrupts.ts';
import { dmaMemory, IsaDma } from './isa-dma.ts';
import { CoprocessorError } from './ports/coprocessor-error.ts';
import { DebugConsole } from './ports/debug-console.ts';
import { DebugExit } from './ports/debug-exit.ts';
import { POWER_OFF_PORTS, PowerControl } from './ports/power-control.ts';
import { ResetControl } from './ports/reset-control.ts';
import { SystemControlA } from './ports/system-control-a.ts';
import { ShadowRam } from './shadow-ram.ts';
import { layOutStorage, makeChannels } from './storage.ts';
import { ACPI_PM_PORT, SOFT_OFF_TYPE, systemMemoryMap, systemTables } from './system-tables.ts';
import { Typist } from './typing/typist.ts';
import type { WakeSource } from './wake.ts';

const DEBUG_EXIT_PORT = 0xf4;
const CR0_PE = 1;
const FOUR_GIB = 0x1_0000_0000;
/** A real revolution is 200 million instructions: a guest that polls would take minutes for a file. */
const FLOPPY_SPEED = 50;

/** The board of a PC: its bill of materials, and which part is at which port, address and line. */
export abstract class Board {
  readonly ramSizeBytes: number;
  readonly cpu: Cpu;
  readonly clock: VirtualClock;
  readonly machine: Machine;
  readonly ports: PortBus;
  readonly memoryMap: MemoryMap;
  readonly vga: Vga;
  readonly com1: Uart16550;
  readonly keyboard: Kbc8042;
  readonly pit: Pit8254;
  readonly rtc: Rtc146818;
  readonly pci: PciBus;
  readonly ataPrimary: AtaChannel;
  readonly ataSecondary: AtaChannel;
  readonly picMaster: Pic8259a;
  readonly picSlave: Pic8259a;
  readonly localApic: LocalApic;
  readonly ioApic: IoApic82093aa;
  readonly hpet: Hpet;
  readonly dma: IsaDma;
  readonly floppy: Floppy82077aa;
  readonly acpiPm: AcpiPm;
  readonly bios: Bios;
  /** Types scripts at the keyboard. */
  readonly typist: Typist;
  /** The interrupts that the processor took. */
  readonly interruptHistory: InterruptHistory = new InterruptHistory();
  protected readonly interrupts: Interrupts;
  protected readonly config: PcConfig;
  protected readonly trays: readonly FloppyTray[];
  /** In the place of `bios`. */
  protected readonly firmwareRom: FirmwareRom | null;
  protected readonly nanosecondsPerInstruction: number;

  /** @throws RangeError for a RAM or a firmware ROM of a size outside its limits; `BiosError`, `MachineError` for parts that do not fit together */
  constructor(config: PcConfig) {
    this.config = config;
    const events = config.events ?? {};
    this.ramSizeBytes = config.ramSizeBytes ?? RAM_SIZE_DEFAULT_BYTES;
    this.nanosecondsPerInstruction = config.nanosecondsPerInstruction ?? 1;
    const clock = new VirtualClock();
    this.clock = clock;
    this.machine = new Machine({ clock });
    this.ports = new PortBus({ events: { onUnclaimed: (access) => events.onUnclaimedPort?.(access) } });
    this.memoryMap = new MemoryMap({ events: { onUnclaimed: (access) => events.onUnclaimedMemory?.(access) } });
    const reset = (): void => this.requestReset();

    // Processor and interrupt controllers.
    const cpuModel = typeof config.cpuModel === 'string' ? CPU_MODELS[config.cpuModel] : config.cpuModel;
    const hasApic = (cpuModel ?? CPU_MODELS.default).features.has('APIC');
    const time = { synchronizeClock: () => this.synchronizeClock(), checkDeadline: () => this.checkDeadline() };
    const source = interruptSource(() => this.interrupts, time);
    this.cpu = new Cpu({
      ramSizeBytes: this.ramSizeBytes,
      deviceMemorySizeBytes: VGA_VIDEO_MEMORY_SIZE,
      ports: {
        readPort: (port, width) => this.readPort(port, width),
        writePort: (port, width, value) => this.writePort(port, width, value),
      },
      memoryIo: {
        readMemory: (address, width) => {
          this.synchronizeClock();
          const value = this.memoryMap.read(address, width);
          this.checkDeadline();
          return value;
        },
        writeMemory: (address, width, value) => {
          this.synchronizeClock();
          this.memoryMap.write(address, width, value);
          this.checkDeadline();
        },
      },
      interrupts: { acknowledge: () => this.#noteInterrupt(source.acknowledge()) },
      ...(hasApic ? { localApic: localApicOfProcessor(() => this.interrupts, time) } : {}),
      coprocessorError: {
        get isIgnored() {
          return coprocessorError.isIgnored;
        },
        signal: () => coprocessorError.signal(),
        release: () => coprocessorError.release(),
      },
      ...(cpuModel === undefined ? {} : { model: cpuModel }),
      ...(config.entropySeed === undefined ? {} : { entropySeed: config.entropySeed }),
      ...(config.engine === undefined ? {} : { engine: config.engine }),
      ...(config.jit === undefined ? {} : { jit: config.jit }),
      ticksPerInstruction: this.nanosecondsPerInstruction,
    });
    const interrupts = new Interrupts({ clock, cpu: this.cpu });
    this.interrupts = interrupts;
    this.picMaster = interrupts.picMaster;
    this.picSlave = interrupts.picSlave;
    this.localApic = interrupts.localApic;
    this.ioApic = interrupts.ioApic;
    this.hpet = interrupts.hpet;

    // The A20 gate is open when either of its two sources opens it.
    const a20 = new OrWire({
      name: 'a20',
      output: {
        set: (level) => {
          this.cpu.isA20Enabled = level;
        },
      },
    });

    this.pit = new Pit8254({ clock, outputs: [this.irq(0)], gates: [true, true, false] });
    const portB = new SystemControlPortB({ clock, gate2: this.pit.gate(2), out2: () => this.pit.channel(2).out });
    this.keyboard = new Kbc8042({
      clock,
      keyboardIrq: this.irq(1),
      auxIrq: this.irq(12),
      a20: a20.input('keyboard-controller'),
      systemReset: reset,
    });
    const portA = new SystemControlA({ a20: a20.input('system-control-a'), systemReset: reset });
    const coprocessorError = new CoprocessorError({ irq: this.irq(13) });
    const resetControl = new ResetControl({ systemReset: reset });
    this.trays = (config.disks?.floppies ?? []).map((disk) => new FloppyTray(disk));
    this.dma = new IsaDma({
      clock,
      memory: dmaMemory(this.cpu.memory, this.memoryMap),
      peripherals: {
        2: {
          readDma: (isEnd) => this.floppy.readDma(isEnd),
          writeDma: (value, isEnd) => this.floppy.writeDma(value, isEnd),
        },
      },
    });
    this.floppy = new Floppy82077aa({
      clock,
      irq: this.irq(6),
      dreq: this.dma.first.request(2),
      drives: this.trays.map((tray) => tray.disk),
      speed: FLOPPY_SPEED,
    });
    const driveType = (drive: number): number => {
      const tray = this.trays[drive];
      return tray === undefined ? 0 : floppyDriveType(tray);
    };
    const cmos = cmosForMemory(this.ramSizeBytes, {
      floppyTypes: [driveType(0), driveType(1)],
      diskCount: Math.min(config.disks?.hardDisks?.length ?? 0, 2) as 0 | 1 | 2,
    });
    if (config.firmware !== undefined) writeBootOrder(cmos, [...(config.bootOrder ?? []), 0x80, 0x00, 0xe0]);
    this.rtc = new Rtc146818({
      clock,
      irq: this.irq(8),
      cmos,
      ...(config.initialTime === undefined ? {} : { initialTime: config.initialTime }),
    });
    this.com1 = new Uart16550({
      clock,
      name: 'com1',
      interrupt: this.irq(4),
      onTransmit: (byte) => {
        this.typist.hear(byte);
        events.onSerial?.(byte);
      },
    });
    this.vga = new Vga({ clock, videoMemory: this.cpu.memory.deviceMemory });
    this.pci = new PciBus();
    const shadowRam = new ShadowRam(this.cpu);
    const hostBridge = config.firmware === undefined ? HOST_BRIDGE_82441FX : HOST_BRIDGE_WITH_FW_CFG;
    const bridge = this.pci.add(0, 0, hostBridge, () => shadowRam.follow(bridge));
    this.pci.add(1, 0, ISA_BRIDGE_PIIX3);
    const storage = layOutStorage(config.disks);
    [this.ataPrimary, this.ataSecondary] = makeChannels(storage, {
      clock,
      ports: this.ports,
      memory: this.cpu.memory,
      ide: this.pci.add(1, 1, config.firmware === undefined ? IDE_PIIX3 : IDE_FOR_FIRMWARE_ROM),
      interrupts: [this.irq(14), this.irq(15)],
    });
    let framebufferBase: number | null = null;
    const display = this.pci.add(2, 0, bochsDisplay(VGA_VIDEO_MEMORY_SIZE), () => {
      const base = display.memoryBase(0);
      if (base !== framebufferBase) this.cpu.mapDeviceMemory(base);
      framebufferBase = base;
    });
    this.acpiPm = new AcpiPm({
      clock,
      sci: this.irq(9),
      powerOff: () => this.requestPowerOff(),
      softOffType: SOFT_OFF_TYPE,
    });
    this.bios = new Bios({
      cpu: new FirmwareCpuAccess(this.cpu),
      memory: new FirmwareMemoryAccess(this.cpu.memory, this.vga),
      // The firmware looks for parts that may not be there: that is no doing of the guest's.
      ports: this.ports.untold,
      clock,
      ramSizeBytes: this.ramSizeBytes,
      memoryMap: systemMemoryMap(this.ramSizeBytes),
      tables: systemTables(this.ramSizeBytes, cpuModel),
      disks: { ...storage.disks, floppies: this.trays },
      ...(config.bootOrder === undefined ? {} : { bootOrder: config.bootOrder }),
      fonts: { rows8: FONT_8X8, rows14: FONT_8X14, rows16: FONT_8X16 },
      onEvent: (event) => events.onFirmware?.(event),
      onKeyBuffer: (what) => this.typist.noteKeyBuffer(what),
    });
    this.typist = new Typist({
      clock,
      keyboard: this.keyboard,
      guest: guestEars(this),
      screen: () => this.vga.toStrings(),
      instructionCount: () => this.cpu.instructionCount,
      nanosecondsPerInstruction: this.nanosecondsPerInstruction,
      waitsForInput: () => this.waitsFor === 'input',
      quit: () => this.requestStop(),
    });

    // Port map.
    const claim = this.ports.claim.bind(this.ports);
    this.dma.claimPorts(this.ports);
    claim({ name: 'pic-master', first: 0x20, count: 2, device: this.picMaster });
    claim({ name: 'pit', first: 0x40, count: 4, device: this.pit });
    claim({ name: 'keyboard-controller', first: 0x60, count: 1, device: this.keyboard });
    claim({ name: 'system-control-b', first: 0x61, count: 1, device: portB });
    claim({ name: 'keyboard-controller', first: 0x64, count: 1, device: this.keyboard, offset: 1 });
    claim({ name: 'rtc', first: 0x70, count: 2, device: this.rtc });
    claim({ name: 'system-control-a', first: 0x92, count: 1, device: portA });
    claim({ name: 'pic-slave', first: 0xa0, count: 2, device: this.picSlave });
    claim({ name: 'coprocessor-error', first: 0xf0, count: 2, device: coprocessorError });
    const { firmware } = config;
    if (firmware === undefined) {
      claim({ name: 'firmware', first: BIOS_TRAP_PORT, count: 1, device: this.bios.trap });
    } else {
      const log = new DebugConsole({ onByte: (byte) => events.onFirmwareLog?.(byte) });
      const fwCfg = this.machine.add(firmwareConfiguration(firmware));
      claim({ name: 'debug-console', first: 0x402, count: 1, device: log });
      claim({ name: 'fw-cfg', first: 0x510, count: FW_CFG_PORT_COUNT, device: fwCfg, width: 16 });
    }
    if (config.debugExitPort !== null) {
      const device = new DebugExit({ onExit: (value) => this.requestExit(value) });
      claim({ name: 'debug-exit', first: config.debugExitPort ?? DEBUG_EXIT_PORT, count: 4, device, width: 32 });
    }
    claim({ name: 'acpi-pm', first: ACPI_PM_PORT, count: ACPI_PM_PORT_COUNT, device: this.acpiPm, width: 32 });
    for (const { port, value } of POWER_OFF_PORTS) {
      const device = new PowerControl({ value, powerOff: () => this.requestPowerOff() });
      claim({ name: 'power-control', first: port, count: 2, device, width: 16 });
    }
    claim({ name: 'vga', first: VGA_PORT_BASE, count: VGA_PORT_COUNT, device: this.vga });
    claim({
      name: 'vga',
      first: DISPI_PORT_BASE,
      count: DISPI_PORT_COUNT,
      device: this.vga,
      offset: DISPI_PORT_OFFSET,
      width: 16,
    });
    claim({ name: 'floppy', first: 0x3f0, count: 6, device: this.floppy });
    claim({ name: 'floppy', first: 0x3f7, count: 1, device: this.floppy, offset: 7 });
    claim({ name: 'com1', first: 0x3f8, count: 8, device: this.com1 });
    claim({ name: 'pic-elcr', first: 0x4d0, count: 1, device: this.picMaster.elcr });
    claim({ name: 'pic-elcr', first: 0x4d1, count: 1, device: this.picSlave.elcr });
    claim({ name: 'pci', first: 0xcf8, count: 1, device: this.pci, width: 32 });
    claim({ name: 'reset-control', first: 0xcf9, count: 1, device: resetControl });
    claim({ name: 'pci', first: 0xcfc, count: 4, device: this.pci, width: 32, offset: PCI_CONFIG_DATA });

    // Memory map.
    const { memory } = this.cpu;
    memory.setRegion(VGA_MEMORY_BASE, VGA_MEMORY_BASE + VGA_MEMORY_SIZE, 'device');
    this.firmwareRom = firmware === undefined ? null : new FirmwareRom(firmware);
    if (this.firmwareRom === null) {
      memory.setAlias(FOUR_GIB - ROM_SIZE_BYTES, ROM_SIZE_BYTES, ROM_BASE);
    } else {
      const { base, sizeBytes } = this.firmwareRom;
      this.memoryMap.claim({ name: 'firmware-rom', first: base, sizeBytes, device: this.firmwareRom });
    }
    if (hasApic) {
      const claimMemory = this.memoryMap.claim.bind(this.memoryMap);
      claimMemory({ name: 'io-apic', first: IO_APIC_ADDRESS, sizeBytes: IO_APIC_SIZE_BYTES, device: this.ioApic });
      claimMemory({ name: 'hpet', first: HPET_ADDRESS, sizeBytes: HPET_SIZE_BYTES, device: this.hpet });
      const first = LOCAL_APIC_ADDRESS;
      claimMemory({ name: 'local-apic', first, sizeBytes: LOCAL_APIC_SIZE_BYTES, device: this.localApic });
    }
    this.memoryMap.claim({ name: 'vga', first: VGA_MEMORY_BASE, sizeBytes: VGA_MEMORY_SIZE, device: this.vga });

    const parts = [
      ...interrupts.parts,
      this.pit,
      portB,
      this.keyboard,
      portA,
      coprocessorError,
      resetControl,
      this.rtc,
      this.com1,
      this.vga,
      this.pci,
      ...this.dma.parts,
      this.floppy,
      this.ataPrimary,
      this.ataSecondary,
      this.acpiPm,
      this.bios,
      a20,
      this.typist,
    ];
    for (const part of parts) this.machine.add(part);
  }

  #noteInterrupt(vector: number): number {
    const { state, instructionCount } = this.cpu;
    const isProtected = (state.field(FIELD.CR0) & CR0_PE) !== 0;
    this.interruptHistory.note({ vector, instructionCount, tick: this.clock.now }, isProtected);
    return vector;
  }

  /** The line of one of the 16 IRQs, into the 8259A and the I/O APIC. @throws {Pic8259aError} `bad-input` */
  irq(irq: number): InterruptLine {
    return this.interrupts.irq(irq);
  }

  /** IRQs that some controller lets through: bit n for IRQ n, from bit 16 on for other inputs of the I/O APIC. */
  get openIrqs(): number {
    return this.interrupts.open;
  }

  // ---- what the machine does for its parts -------------------------------------------------------------------------

  protected abstract readPort(port: number, width: 8 | 16 | 32): number;
  protected abstract writePort(port: number, width: 8 | 16 | 32, value: number): void;
  /** Before a part is asked anything: brings virtual time up to the instruction that executes. */
  protected abstract synchronizeClock(): void;
  /** After a part was asked: it may have scheduled something soon. */
  protected abstract checkDeadline(): void;
  protected abstract requestReset(): void;
  protected abstract requestPowerOff(): void;
  protected abstract requestExit(value: number): void;
  /** Makes `run` return soon, with the outcome `stopped`. */
  abstract requestStop(): void;
  /** What the processor waits for in HLT; undefined while it executes instructions. */
  abstract get waitsFor(): WakeSource | undefined;
}
