/** Where the debug adapter, the program `crabtrap`, is looked for. */

import { dirname, isAbsolute, join } from "node:path";

/** How the adapter is started. */
export interface AdapterCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** What decides where the adapter is. */
export interface Surroundings {
  /** The setting `crabtrap.path`, "" if it is not set. */
  readonly setting: string;
  /** The directories of the workspace. */
  readonly folders: readonly string[];
  /** The Python that is selected in the editor. */
  readonly python: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly isExecutable: (path: string) => boolean;
}

/** There is no adapter; the message says where it was looked for. */
export class AdapterMissing extends Error {
  override readonly name = "AdapterMissing";
  /** It could be run by uv, which would download it. */
  readonly canUseUvx: boolean;

  constructor(message: string, canUseUvx: boolean) {
    super(message);
    this.canUseUvx = canUseUvx;
  }
}

/** The value of the setting `crabtrap.path` that has uv get and run the adapter. */
export const UVX = "uvx";

/**
 * Looks for the adapter: in the setting, beside the selected Python, in a virtual environment of
 * the workspace, on the path.
 *
 * @throws AdapterMissing - It is nowhere.
 */
export function locateAdapter(surroundings: Surroundings): AdapterCommand {
  const { setting } = surroundings;
  const uvx = firstExecutable(surroundings, pathDirectories(surroundings), UVX);
  if (setting === UVX) {
    if (uvx === undefined) {
      throw new AdapterMissing('the setting crabtrap.path is "uvx", which is not installed', false);
    }
    return { command: uvx, args: ["crabtrap", "dap"] };
  }
  const found = setting === "" ? findByName(surroundings) : findBySetting(surroundings);
  if (found !== undefined) {
    return { command: found, args: ["dap"] };
  }
  const message =
    setting === ""
      ? "crabtrap is not installed in the selected Python, in .venv or venv of the workspace, " +
        "or on the path. Install it with `pip install crabtrap`, or set crabtrap.path."
      : `the setting crabtrap.path is ${setting}, which is no executable file`;
  throw new AdapterMissing(message, uvx !== undefined);
}

function findBySetting(surroundings: Surroundings): string | undefined {
  const { setting, folders, environment, isExecutable } = surroundings;
  if (!setting.includes("/")) {
    return firstExecutable(surroundings, pathDirectories(surroundings), setting);
  }
  const expanded = setting.replace(/^~(?=\/)/, environment["HOME"] ?? "~");
  const candidates = isAbsolute(expanded) ? [expanded] : folders.map((each) => join(each, expanded));
  return candidates.find(isExecutable);
}

function findByName(surroundings: Surroundings): string | undefined {
  const { python, folders, environment } = surroundings;
  const activated = environment["VIRTUAL_ENV"];
  const directories = [
    ...(python === undefined ? [] : [dirname(python)]),
    ...folders.flatMap((each) => [join(each, ".venv/bin"), join(each, "venv/bin")]),
    ...(activated === undefined ? [] : [join(activated, "bin")]),
    ...pathDirectories(surroundings),
  ];
  return firstExecutable(surroundings, directories, "crabtrap");
}

/** The directories of `PATH`, and those where pipx and uv install, which editors often lack. */
function pathDirectories({ environment }: Surroundings): string[] {
  const home = environment["HOME"];
  const local = home === undefined ? [] : [join(home, ".local/bin"), join(home, ".cargo/bin")];
  const onPath = (environment["PATH"] ?? "").split(":").filter(isAbsolute);
  return [...onPath, ...local];
}

function firstExecutable(
  { isExecutable }: Surroundings,
  directories: readonly string[],
  name: string,
): string | undefined {
  return directories.map((each) => join(each, name)).find(isExecutable);
}
