/** Runs cargo to learn what there is to be debugged. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

import { parseMetadata, type Target } from "./metadata.ts";

/** Cargo is missing, or does not like a `Cargo.toml`; its message says why. */
export class CargoError extends Error {
  override readonly name = "CargoError";
}

/**
 * Asks cargo for the targets of a workspace.
 *
 * @param directory - A directory with a `Cargo.toml`.
 * @throws CargoError - Cargo could not be run, or failed.
 */
export function readTargets(directory: string): Promise<Target[]> {
  const cargo = process.env["CARGO"] ?? "cargo";
  const args = ["metadata", "--no-deps", "--format-version", "1"];
  const limits = { cwd: directory, maxBuffer: 1 << 28 };
  return new Promise((resolve, reject) => {
    execFile(cargo, args, limits, (error, stdout, stderr) => {
      if (error === null) {
        resolve(parseMetadata(stdout));
      } else if (error.code === "ENOENT") {
        reject(new CargoError(`cargo is not found: install Rust, or set CARGO`));
      } else {
        reject(new CargoError(stderr.trim() || error.message));
      }
    });
  });
}

/** The nearest directory at or above a file's that has a `Cargo.toml`. */
export function packageDirectory(file: string): string | undefined {
  for (let at = dirname(file); ; at = dirname(at)) {
    if (existsSync(join(at, "Cargo.toml"))) {
      return at;
    }
    if (at === dirname(at)) {
      return undefined;
    }
  }
}
