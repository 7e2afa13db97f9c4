/** Whether rustc made a program: `.comment` names all compilers that took part. */

import { closeSync, openSync, readSync } from "node:fs";

const HEADER_SIZE = 64;
const SECTION_SIZE = 64;
/** More sections than a program has. */
const MOST_SECTIONS = 4096;
/** A `.comment` has a few lines. */
const MOST_COMMENT = 4096;

/** Says whether an ELF file was made by rustc; `undefined` if it cannot be read. */
export function isRust(path: string): boolean | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return undefined;
  }
  try {
    return sectionOf(file, ".comment")?.includes("rustc version") ?? false;
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** The beginning of the section with this name in a 64-bit little-endian ELF file. */
function sectionOf(file: number, name: string): Buffer | undefined {
  const header = read(file, 0, HEADER_SIZE);
  if (header.length < HEADER_SIZE || header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2) {
    return undefined;
  }
  const count = Math.min(header.readUInt16LE(60), MOST_SECTIONS);
  const table = read(file, Number(header.readBigUInt64LE(40)), count * SECTION_SIZE);
  const sections = Array.from({ length: Math.floor(table.length / SECTION_SIZE) }, (_, index) => ({
    name: table.readUInt32LE(index * SECTION_SIZE),
    offset: Number(table.readBigUInt64LE(index * SECTION_SIZE + 24)),
    size: Number(table.readBigUInt64LE(index * SECTION_SIZE + 32)),
  }));
  const names = sections[header.readUInt16LE(62)];
  if (names === undefined) {
    return undefined;
  }
  const text = read(file, names.offset, Math.min(names.size, MOST_SECTIONS * 64)).toString("latin1");
  const found = sections.find(
    (each) => text.slice(each.name, text.indexOf("\0", each.name)) === name,
  );
  return found && read(file, found.offset, Math.min(found.size, MOST_COMMENT));
}

function read(file: number, offset: number, size: number): Buffer {
  const buffer = Buffer.alloc(size);
  return buffer.subarray(0, readSync(file, buffer, 0, size, offset));
}
