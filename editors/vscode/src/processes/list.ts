/** The processes of this user, from `/proc`. */

import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { basename } from "node:path";

import { isRust } from "./rust_file.ts";

/** A process that may be attached to. */
export interface ProcessEntry {
  readonly pid: number;
  readonly name: string;
  readonly commandLine: string;
  /** Its executable was made by rustc; `undefined` if that cannot be read. */
  readonly isRust: boolean | undefined;
  /** When it was started, in ticks since the machine was. */
  readonly started: number;
}

/**
 * Lists the processes that this user may attach to: Rust programs first, and the newest first.
 *
 * @param root - Where `/proc` is.
 */
export function listProcesses(root = "/proc"): ProcessEntry[] {
  const own = process.getuid?.() ?? 0;
  const found = readdirSync(root)
    .filter((each) => /^\d+$/.test(each) && Number(each) !== process.pid)
    .map((each) => readProcess(`${root}/${each}`, Number(each), own))
    .filter((each) => each !== undefined);
  return found.sort(
    (one, other) =>
      Number(other.isRust ?? false) - Number(one.isRust ?? false) || other.started - one.started,
  );
}

/** Reads one process; `undefined` for one of somebody else, of the kernel, or that has ended. */
function readProcess(directory: string, pid: number, own: number): ProcessEntry | undefined {
  try {
    if (own !== 0 && statSync(directory).uid !== own) {
      return undefined;
    }
    const words = readFileSync(`${directory}/cmdline`, "utf8").split("\0").filter(Boolean);
    const [program] = words;
    if (program === undefined) {
      return undefined; // of the kernel, or a zombie
    }
    const commandLine = words.join(" ");
    return {
      pid,
      name: basename(executableOf(directory) ?? program),
      commandLine,
      isRust: isRust(`${directory}/exe`),
      started: startOf(directory),
    };
  } catch {
    return undefined; // it has ended, or is nobody's business
  }
}

function executableOf(directory: string): string | undefined {
  try {
    return readlinkSync(`${directory}/exe`).replace(/ \(deleted\)$/, "");
  } catch {
    return undefined;
  }
}

/** Field 22 of `stat` (man 5 proc); the name before may hold spaces and parentheses. */
function startOf(directory: string): number {
  const text = readFileSync(`${directory}/stat`, "utf8");
  return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[19]);
}
