/** Launch configurations for what cargo builds. */

import type { Target, TargetKind } from "./metadata.ts";

/** What the adapter is told of cargo: `docs/dap.md`. */
export interface CargoBlock {
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly filter?: { readonly name?: string; readonly kind?: TargetKind };
}

/** A launch configuration that has cargo build its program. */
export interface CargoConfiguration {
  readonly type: "crabtrap";
  readonly request: "launch";
  readonly name: string;
  readonly cargo: CargoBlock;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What the user adds to all that is built or tested. */
export interface ExtraArguments {
  /** For cargo: `--release`, `--features x`. */
  readonly cargo: readonly string[];
  /** For test programs. */
  readonly test: readonly string[];
}

export const NO_EXTRA: ExtraArguments = { cargo: [], test: [] };

/** Debugs the program of a `bin` or an `example`. */
export function runConfiguration(target: Target, extra = NO_EXTRA): CargoConfiguration {
  const what = target.kind === "example" ? "example " : "";
  return {
    ...configuration(target, ["build"], extra),
    name: `Debug ${what}${target.name}`,
    args: [],
  };
}

/** Debugs all tests of a target, or all its benchmarks. */
export function testConfiguration(target: Target, extra = NO_EXTRA): CargoConfiguration {
  const isBench = target.kind === "bench";
  const of = target.kind === "lib" ? `${target.name} (lib)` : target.name;
  return {
    ...configuration(target, [isBench ? "bench" : "test", "--no-run"], extra),
    name: `Debug ${isBench ? "benchmarks" : "tests"} of ${of}`,
    args: isBench ? ["--bench"] : ["--nocapture", "--test-threads=1", ...extra.test],
  };
}

/** One test, several by the beginning of their path, or a benchmark. */
export interface TestFilter {
  readonly path: string;
  /** The path is a test's own, and not the beginning of several. */
  readonly isExact: boolean;
  readonly isBench: boolean;
}

/** Debugs some of the tests of a target. */
export function filteredConfiguration(
  target: Target,
  filter: TestFilter,
  extra = NO_EXTRA,
): CargoConfiguration {
  const verb = filter.isBench ? "bench" : "test";
  const exact = filter.isExact ? ["--exact"] : [];
  // A test that is ignored is named because it is to be run.
  const ignored = filter.isExact && !filter.isBench ? ["--include-ignored"] : [];
  const single = filter.isBench ? ["--bench"] : ["--test-threads=1"];
  return {
    ...configuration(target, [verb, "--no-run"], extra),
    name: `Debug ${verb} ${filter.path}`,
    args: [filter.path, ...exact, ...ignored, "--nocapture", ...single, ...extra.test],
  };
}

function configuration(target: Target, verb: readonly string[], extra: ExtraArguments) {
  const features = target.requiredFeatures.length
    ? [`--features=${target.requiredFeatures.join(",")}`]
    : [];
  const cargo: CargoBlock = {
    args: [...verb, `--package=${target.packageName}`, selector(target), ...features, ...extra.cargo],
    cwd: target.workspaceRoot,
    filter: { name: target.name, kind: target.kind },
  };
  return { type: "crabtrap", request: "launch", cargo } as const;
}

function selector(target: Target): string {
  return target.kind === "lib" ? "--lib" : `--${target.kind}=${target.name}`;
}
