/** Which target a source file belongs to, and as which module of it. */

import type { Target } from "./metadata.ts";

/** A file's place in the tree of modules. */
export interface ModulePlace {
  readonly target: Target;
  /** Names of modules from the root to the file; none for the root itself. */
  readonly modules: readonly string[];
}

/**
 * Finds the target and the module of a file by their paths, as rustc looks for modules.
 *
 * @param readText - The text of a root module, to see which of two targets in one directory has
 *   the module: `src/main.rs` or `src/lib.rs`.
 */
export function findModule(
  targets: readonly Target[],
  file: string,
  readText: (path: string) => string,
): ModulePlace | undefined {
  const places: ModulePlace[] = targets
    .flatMap((target) => {
      const modules = modulesBetween(target.sourcePath, file);
      return modules === undefined ? [] : [{ target, modules }];
    })
    .sort((one, other) => one.modules.length - other.modules.length);
  const declaring = places.find(
    ({ target, modules }) =>
      modules[0] === undefined ||
      new RegExp(`\\bmod\\s+${modules[0]}\\b`).test(readText(target.sourcePath)),
  );
  return declaring ?? places[0];
}

function modulesBetween(root: string, file: string): string[] | undefined {
  if (root === file) {
    return [];
  }
  const directory = root.slice(0, root.lastIndexOf("/") + 1);
  if (!file.startsWith(directory) || !file.endsWith(".rs")) {
    return undefined;
  }
  const names = file.slice(directory.length, -".rs".length).split("/");
  return names.at(-1) === "mod" ? names.slice(0, -1) : names;
}
