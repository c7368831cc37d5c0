/**
 * A virtio device on PCI: a transitional one, with the registers of VIRTIO 1.0 in memory space and those before it in
 * I/O space. Interrupts by INTA only.
 *
 * Source: Virtual I/O Device (VIRTIO) Version 1.0, 2.1 to 2.3 (status, features, configuration), 3 (initialisation), 4.1
 * (PCI transport).
 */

import type { AccessSize, BoardHost } from './device.ts';
import { COMMAND, CONFIG, PciFunction } from './pci.ts';
import type { Chain, Virtqueue } from './virtqueue.ts';

const VENDOR_VIRTIO = 0x1af4;
/** Transitional devices; the subsystem says which kind. */
const FIRST_TRANSITIONAL = 0x1000;

const STATUS = { driverOk: 0x04, featuresOk: 0x08, needsReset: 0x40 } as const;
const ISR = { queue: 0x01, config: 0x02 } as const;
/** In the upper half of the feature bits: VIRTIO_F_VERSION_1. */
const VERSION_1 = 0x1;
/** VIRTIO_F_ANY_LAYOUT, for legacy drivers. */
const ANY_LAYOUT = 0x08000000;
const NO_VECTOR = 0xffff;

const LEGACY_BAR = 0;
const LEGACY_BAR_SIZE = 64;
const LEGACY = {
  deviceFeatures: 0,
  driverFeatures: 4,
  queueAddress: 8,
  queueSize: 12,
  queueSelect: 14,
  queueNotify: 16,
  status: 18,
  isr: 19,
  config: 20,
} as const;
const LEGACY_PAGE = 4096;

const MODERN_BAR = 4;
const MODERN_BAR_SIZE = 0x4000;
const AREA = { common: 0x0000, isr: 0x1000, config: 0x2000, notify: 0x3000, size: 0x1000 } as const;
const COMMON_SIZE = 56;
const COMMON = {
  deviceFeatureSelect: 0,
  deviceFeature: 4,
  driverFeatureSelect: 8,
  driverFeature: 12,
  msixConfig: 16,
  queueCount: 18,
  status: 20,
  generation: 21,
  queueSelect: 22,
  queueSize: 24,
  queueVector: 26,
  queueEnable: 28,
  queueNotifyOff: 30,
  descriptors: 32,
  available: 40,
  used: 48,
} as const;
const NOTIFY_MULTIPLIER = 4;

const VENDOR_CAPABILITY = 0x09;
const CAPABILITY = { common: 1, notify: 2, isr: 3, config: 4, pci: 5 } as const;
/** The window on the base address registers' spaces in configuration space (4.1.4.7). */
const PCI_WINDOW = { at: 0x84, bar: 0x88, offset: 0x8c, length: 0x90, data: 0x94 } as const;

export interface VirtioIdentity {
  /** Device type of VIRTIO 1.0, chapter 5. */
  type: number;
  /** PCI device number above 0x1000. */
  transitional: number;
  classCode: number;
  /** Feature bits 0 to 23 that the device offers. */
  features: number;
}

export abstract class VirtioPci extends PciFunction {
  protected abstract readonly host: BoardHost;
  protected queues: readonly Virtqueue[] = [];
  private readonly cancels: ((() => void) | null)[] = [];
  private status = 0;
  private isr = 0;
  private readonly driverFeatures = [0, 0];
  private deviceFeatureSelect = 0;
  private driverFeatureSelect = 0;
  private queueSelect = 0;

  constructor(private readonly identity: VirtioIdentity) {
    super({
      vendor: VENDOR_VIRTIO,
      device: FIRST_TRANSITIONAL + identity.transitional,
      revision: 0,
      classCode: identity.classCode,
      status: 0,
      interruptPin: 1,
      subsystemVendor: VENDOR_VIRTIO,
      subsystem: identity.type,
    });
    this.defineBar(LEGACY_BAR, LEGACY_BAR_SIZE, 'io');
    this.defineBar(MODERN_BAR, MODERN_BAR_SIZE, 'memory');
    const capability = (register: number, type: number, offset: number, length: number, more: number[] = []): void => {
      const words = [offset, length, ...more].flatMap((word) => [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff));
      const size = 8 + words.length;
      this.defineCapability(register, VENDOR_CAPABILITY, [size, type, MODERN_BAR, 0, 0, 0, ...words]);
    };
    capability(PCI_WINDOW.at, CAPABILITY.pci, 0, 0, [0]);
    this.define(PCI_WINDOW.bar, 1, 0, 0xff);
    this.define(PCI_WINDOW.offset, 4, 0, 0xffffffff);
    this.define(PCI_WINDOW.length, 4, 0, 0xffffffff);
    capability(0x74, CAPABILITY.config, AREA.config, AREA.size);
    capability(0x64, CAPABILITY.isr, AREA.isr, 4);
    capability(0x50, CAPABILITY.notify, AREA.notify, AREA.size, [NOTIFY_MULTIPLIER]);
    capability(0x40, CAPABILITY.common, AREA.common, COMMON_SIZE);
  }

  /** The device's own configuration fields. */
  protected abstract configuration(littleEndian: boolean): DataView;
  /** Virtual nanoseconds that a request takes. */
  protected abstract cost(queue: number, chain: Chain): number;
  /** Does a request. Returns how many bytes of its writable part it has filled. */
  protected abstract execute(queue: number, chain: Chain): number;

  /** Whether a queue's next request can be served now; if not, {@link resume} takes it up later. */
  protected mayServe(_queue: number): boolean {
    return true;
  }

  /** Goes on with a queue that the driver may have filled already. */
  protected resume(queue: number): void {
    this.notify(queue);
  }

  /** Whether fields in the guest's buffers are little endian: always, but for legacy drivers. */
  protected get littleEndian(): boolean {
    return (this.driverFeatures[1]! & VERSION_1) !== 0 || !this.host.bigEndian;
  }

  override reset(): void {
    super.reset();
    this.resetDevice();
  }

  override readBar(bar: number, offset: number, size: AccessSize): number {
    const area = bar === LEGACY_BAR ? -1 : offset - (offset % AREA.size);
    const at = bar === LEGACY_BAR ? offset : offset % AREA.size;
    if (area === AREA.isr || (area === -1 && at === LEGACY.isr)) return at === 0 || area === -1 ? this.takeIsr() : 0;
    if (area === AREA.config) return readView(this.configuration(true), at, size);
    if (area === AREA.common) return readView(this.commonRegisters(), at, size);
    if (area !== -1) return 0;
    if (at < LEGACY.config) return readView(this.legacyRegisters(), at, size);
    const fields = this.configuration(!this.host.bigEndian);
    return readView(fields, at - LEGACY.config, size);
  }

  override writeBar(bar: number, offset: number, _size: AccessSize, value: number): void {
    const area = offset - (offset % AREA.size);
    if (bar === LEGACY_BAR) this.writeLegacy(offset, value);
    else if (area === AREA.common) this.writeCommon(offset, value);
    else if (area === AREA.notify) this.notify((offset - AREA.notify) / NOTIFY_MULTIPLIER);
  }

  override readConfig(register: number): number {
    if (register !== PCI_WINDOW.data) return super.readConfig(register);
    const window = this.window();
    return window ? this.readBar(window.bar, window.offset, window.size) : 0;
  }

  override writeConfig(register: number, value: number, lanes: number): void {
    super.writeConfig(register, value, lanes);
    const window = register === PCI_WINDOW.data ? this.window() : null;
    if (window) this.writeBar(window.bar, window.offset, window.size, value);
  }

  protected override configChanged(register: number): void {
    // What waited for bus mastering goes on.
    if (register === CONFIG.command) this.queues.forEach((_, n) => this.next(n));
  }

  private window(): { bar: number; offset: number; size: AccessSize } | null {
    const bar = this.config[PCI_WINDOW.bar]!;
    const offset = this.readRegister(PCI_WINDOW.offset);
    const size = this.readRegister(PCI_WINDOW.length);
    if (size !== 1 && size !== 2 && size !== 4) return null;
    const space = this.bars.find(({ index }) => index === bar);
    return space && offset % size === 0 && offset + size <= space.size ? { bar, offset, size } : null;
  }

  // Registers

  private commonRegisters(): DataView {
    const view = new DataView(new ArrayBuffer(COMMON_SIZE));
    const queue = this.queues[this.queueSelect];
    const features = [this.identity.features, VERSION_1];
    view.setUint32(COMMON.deviceFeatureSelect, this.deviceFeatureSelect, true);
    view.setUint32(COMMON.deviceFeature, features[this.deviceFeatureSelect] ?? 0, true);
    view.setUint32(COMMON.driverFeatureSelect, this.driverFeatureSelect, true);
    view.setUint32(COMMON.driverFeature, this.driverFeatures[this.driverFeatureSelect] ?? 0, true);
    view.setUint16(COMMON.msixConfig, NO_VECTOR, true);
    view.setUint16(COMMON.queueCount, this.queues.length, true);
    view.setUint8(COMMON.status, this.status);
    view.setUint16(COMMON.queueSelect, this.queueSelect, true);
    view.setUint16(COMMON.queueVector, NO_VECTOR, true);
    if (!queue) return view;
    view.setUint16(COMMON.queueSize, queue.size, true);
    view.setUint16(COMMON.queueEnable, queue.enabled ? 1 : 0, true);
    view.setUint16(COMMON.queueNotifyOff, this.queueSelect, true);
    for (const area of ['descriptors', 'available', 'used'] as const) {
      view.setUint32(COMMON[area], queue[area] % 2 ** 32, true);
      view.setUint32(COMMON[area] + 4, Math.floor(queue[area] / 2 ** 32), true);
    }
    return view;
  }

  private legacyRegisters(): DataView {
    const view = new DataView(new ArrayBuffer(LEGACY.config));
    const queue = this.queues[this.queueSelect];
    view.setUint32(LEGACY.deviceFeatures, this.identity.features | ANY_LAYOUT, true);
    view.setUint32(LEGACY.driverFeatures, this.driverFeatures[0]!, true);
    view.setUint32(LEGACY.queueAddress, queue?.enabled ? queue.descriptors / LEGACY_PAGE : 0, true);
    view.setUint16(LEGACY.queueSize, queue?.size ?? 0, true);
    view.setUint16(LEGACY.queueSelect, this.queueSelect, true);
    view.setUint8(LEGACY.status, this.status);
    return view;
  }

  private writeCommon(offset: number, value: number): void {
    const queue = this.queues[this.queueSelect];
    switch (offset) {
      case COMMON.deviceFeatureSelect:
        this.deviceFeatureSelect = value;
        break;
      case COMMON.driverFeatureSelect:
        this.driverFeatureSelect = value;
        break;
      case COMMON.driverFeature:
        // Once the features are agreed on they stay.
        if (this.driverFeatureSelect < 2 && !(this.status & STATUS.featuresOk)) {
          this.driverFeatures[this.driverFeatureSelect] = value;
        }
        break;
      case COMMON.status:
        this.writeStatus(value & 0xff, true);
        break;
      case COMMON.queueSelect:
        this.queueSelect = value & 0xffff;
        break;
      case COMMON.queueSize:
        value &= 0xffff;
        if (queue && !queue.enabled && value > 0 && value <= queue.maxSize && (value & (value - 1)) === 0) {
          queue.size = value;
        }
        break;
      case COMMON.queueEnable:
        if (queue && value & 1) queue.enabled = true;
        break;
      default:
        for (const area of ['descriptors', 'available', 'used'] as const) {
          if (!queue || queue.enabled) break;
          const low = queue[area] % 2 ** 32;
          if (offset === COMMON[area]) queue[area] += value - low;
          else if (offset === COMMON[area] + 4) queue[area] = value * 2 ** 32 + low;
        }
    }
  }

  private writeLegacy(offset: number, value: number): void {
    const n = this.queueSelect;
    switch (offset) {
      case LEGACY.driverFeatures:
        this.driverFeatures[0] = value & (this.identity.features | ANY_LAYOUT);
        break;
      case LEGACY.queueAddress:
        this.abandon(n);
        this.queues[n]?.setLegacyBase(value * LEGACY_PAGE, this.host.bigEndian);
        break;
      case LEGACY.queueSelect:
        this.queueSelect = value & 0xffff;
        break;
      case LEGACY.queueNotify:
        this.notify(value & 0xffff);
        break;
      case LEGACY.status:
        this.writeStatus(value & 0xff, false);
        break;
    }
  }

  private writeStatus(value: number, modern: boolean): void {
    if (value === 0) {
      this.resetDevice();
      return;
    }
    const [low, high] = this.driverFeatures as [number, number];
    const acceptable = (low & ~this.identity.features) === 0 && high === VERSION_1;
    if (modern && !acceptable) value &= ~STATUS.featuresOk;
    this.status = value | (this.status & STATUS.needsReset);
    if (this.status & STATUS.driverOk) this.queues.forEach((_, n) => this.next(n));
  }

  private takeIsr(): number {
    const { isr } = this;
    this.isr = 0;
    this.setInterrupt(false);
    return isr;
  }

  private interrupt(cause: number): void {
    this.isr |= cause;
    this.setInterrupt(true);
  }

  // Requests

  private notify(n: number): void {
    // Legacy drivers may use a queue before they set DRIVER_OK.
    const legacy = !(this.driverFeatures[1]! & VERSION_1);
    if (legacy || this.status & STATUS.driverOk) this.next(n);
  }

  /** Starts the queue's next request, unless one is under way: requests are served one by one. */
  private next(n: number): void {
    const queue = this.queues[n];
    const mayMaster = (this.command & COMMAND.master) !== 0;
    if (!queue || this.cancels[n] || !mayMaster || !this.mayServe(n) || this.status & STATUS.needsReset) return;
    const chain = queue.pop();
    if (chain === null) return;
    if (chain === 'broken') {
      this.status |= STATUS.needsReset;
      if (this.status & STATUS.driverOk) this.interrupt(ISR.config);
      return;
    }
    const { clock } = this.host;
    this.cancels[n] = clock.schedule(clock.now() + this.cost(n, chain), () => {
      this.cancels[n] = null;
      queue.push(chain.head, this.execute(n, chain));
      if (queue.wantsInterrupt()) this.interrupt(ISR.queue);
      this.next(n);
    });
  }

  private abandon(n: number): void {
    this.cancels[n]?.();
    this.cancels[n] = null;
  }

  private resetDevice(): void {
    this.queues.forEach((queue, n) => {
      this.abandon(n);
      queue.reset();
    });
    this.status = 0;
    this.isr = 0;
    this.driverFeatures.fill(0);
    this.deviceFeatureSelect = 0;
    this.driverFeatureSelect = 0;
    this.queueSelect = 0;
    this.setInterrupt(false);
  }
}

/** A load from a block of registers, which reads 0 beyond its end. */
function readView(view: DataView, offset: number, size: AccessSize): number {
  let value = 0;
  for (let i = 0; i < size; i++) if (offset + i < view.byteLength) value |= view.getUint8(offset + i) << (8 * i);
  return value >>> 0;
}
