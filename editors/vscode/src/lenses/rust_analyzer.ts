/** What rust-analyzer says that can be run, as configurations of ours. */

import type { CargoConfiguration, ExtraArguments } from "../cargo/configurations.ts";

/** The part of rust-analyzer's `experimental/runnables` that is used. */
export interface AnalyzerRunnable {
  readonly label: string;
  readonly kind: string;
  readonly location?: { readonly targetSelectionRange: { readonly start: { readonly line: number } } };
  readonly args: {
    readonly cwd?: string;
    readonly workspaceRoot?: string;
    readonly cargoArgs?: readonly string[];
    readonly executableArgs?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
  };
}

const BUILDING: Readonly<Record<string, readonly string[]>> = {
  run: ["build"],
  test: ["test", "--no-run"],
  bench: ["bench", "--no-run"],
};

/**
 * Makes a configuration of a runnable; `undefined` for one that is no program of its own, as a
 * test in documentation, `cargo check` or a shell command.
 */
export function analyzerConfiguration(
  runnable: AnalyzerRunnable,
  extra: ExtraArguments,
): CargoConfiguration | undefined {
  const [verb = "", ...rest] = withoutNextest(runnable.args.cargoArgs ?? []);
  const building = BUILDING[verb];
  if (runnable.kind !== "cargo" || building === undefined || rest.includes("--doc")) {
    return undefined;
  }
  const { cwd, workspaceRoot, environment, executableArgs = [] } = runnable.args;
  const directory = workspaceRoot ?? cwd;
  const isTest = verb !== "run";
  const env = environment === undefined ? {} : { env: environment };
  return {
    type: "crabtrap",
    request: "launch",
    name: `Debug ${runnable.label.replace(/^(?:run|test|bench) /, "")}`,
    cargo: {
      args: [...building, ...rest.filter((each) => !building.includes(each)), ...extra.cargo],
      ...(directory === undefined ? {} : { cwd: directory }),
      ...env,
    },
    args: isTest ? testArguments(executableArgs, extra.test) : executableArgs,
    ...env,
  };
}

/** `cargo nextest run` builds the programs of `cargo test`, and one process has one test. */
function withoutNextest(cargoArgs: readonly string[]): readonly string[] {
  return cargoArgs[0] === "nextest" ? ["test", ...cargoArgs.slice(2)] : cargoArgs;
}

function testArguments(given: readonly string[], extra: readonly string[]): string[] {
  const added = ["--nocapture", "--test-threads=1"].filter((each) => !given.includes(each));
  return [...given.filter((each) => each !== "--show-output"), ...added, ...extra];
}
