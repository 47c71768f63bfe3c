/**
 * Pane info in bytes: a byte whose low nibble holds the flags, and up to two varints, of which the high nibble tells.
 * Panes have no coder of their own in a pipeline: they occur inside windowed values and timers.
 */
import { NO_FIRING, type PaneInfo, type PaneTiming } from "../execution/pane.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import { malformed } from "./errors.js";

/** In the order of their numbers. */
const TIMINGS: readonly PaneTiming[] = ["EARLY", "ON_TIME", "LATE", "UNKNOWN"];
const FIRST_PANE = 0x00;
const ONE_INDEX = 0x10;
const TWO_INDICES = 0x20;

/** The byte's bit that says element metadata follow the pane in a windowed value. */
export const METADATA_FOLLOWS = 0x80;

/** The sixteen panes that are one byte, by that byte; shared by everything that is decoded. */
const ONE_BYTE_PANES: readonly PaneInfo[] = Array.from({ length: 16 }, (_, flags) =>
  flags === 0x0f ? NO_FIRING : paneOf(flags, 0, timingOf(flags) === "EARLY" ? -1 : 0),
);

function timingOf(flags: number): PaneTiming {
  return TIMINGS[(flags >> 2) & 3]!;
}

function paneOf(flags: number, index: number, nonSpeculativeIndex: number): PaneInfo {
  return { timing: timingOf(flags), isFirst: (flags & 1) !== 0, isLast: (flags & 2) !== 0, index, nonSpeculativeIndex };
}

/** @param mark `METADATA_FOLLOWS` or nothing. */
export function writePane(pane: PaneInfo, out: ByteWriter, mark = 0): void {
  const { index, nonSpeculativeIndex } = pane;
  const early = pane.timing === "EARLY";
  const flags = (pane.isFirst ? 1 : 0) | (pane.isLast ? 2 : 0) | (TIMINGS.indexOf(pane.timing) << 2) | mark;
  if (!early && index === 0 && nonSpeculativeIndex === 0) {
    out.writeByte(flags | FIRST_PANE);
  } else if (nonSpeculativeIndex === (early ? -1 : index)) {
    out.writeByte(flags | ONE_INDEX);
    out.writeVarint(index);
  } else {
    out.writeByte(flags | TWO_INDICES);
    out.writeVarint(index);
    out.writeVarint(nonSpeculativeIndex);
  }
}

/** A pane that nothing follows. @throws GirderError `malformed-data` */
export function readPane(input: ByteReader): PaneInfo {
  const byte = input.readByte();
  if ((byte & METADATA_FOLLOWS) !== 0) throw malformed(`A pane begins with the byte ${byte}`, input.position - 1);
  return readPaneAfter(byte, input);
}

/** The rest of a pane whose first byte has been read. @throws GirderError `malformed-data` */
export function readPaneAfter(byte: number, input: ByteReader): PaneInfo {
  const flags = byte & 0x0f;
  switch (byte & 0x70) {
    case FIRST_PANE:
      return ONE_BYTE_PANES[flags]!;
    case ONE_INDEX: {
      const index = readIndex(input);
      return paneOf(flags, index, timingOf(flags) === "EARLY" ? -1 : index);
    }
    case TWO_INDICES: {
      const index = readIndex(input);
      return paneOf(flags, index, readIndex(input));
    }
    default:
      throw malformed(`A pane begins with the byte ${byte}`, input.position - 1);
  }
}

function readIndex(input: ByteReader): number {
  const at = input.position;
  const index = input.readVarint();
  if (typeof index !== "number" || index < -1) throw malformed(`A pane has the index ${index}`, at);
  return index;
}
