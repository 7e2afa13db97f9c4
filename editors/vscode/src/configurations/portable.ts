/** Configurations that can be written into a file which others share. */

import type { CargoConfiguration } from "../cargo/configurations.ts";

/** Replaces the directory of the workspace by its variable, and leaves out what goes without. */
export function portable(one: CargoConfiguration, root: string | undefined): CargoConfiguration {
  const { cwd, ...cargo } = one.cargo;
  if (root === undefined || cwd === undefined) {
    return one;
  }
  if (cwd === root) {
    return { ...one, cargo };
  }
  const inside = cwd.startsWith(`${root}/`);
  const shown = inside ? `\${workspaceFolder}${cwd.slice(root.length)}` : cwd;
  return { ...one, cargo: { ...cargo, cwd: shown } };
}
