/** "Debug" above tests, benchmarks and `main`. */

import { readFileSync } from "node:fs";
import {
  type CancellationToken,
  CodeLens,
  type CodeLensProvider,
  EventEmitter,
  extensions,
  Range,
  type TextDocument,
} from "vscode";

import {
  type CargoConfiguration,
  type ExtraArguments,
  filteredConfiguration,
  runConfiguration,
} from "../cargo/configurations.ts";
import { findModule, type ModulePlace } from "../cargo/modules.ts";
import type { WorkspaceTargets } from "../cargo/workspace_targets.ts";
import { extraArguments, showsLenses } from "../settings.ts";
import { findRunnables, type Runnable, testFilter } from "./runnables.ts";
import { analyzerConfiguration, type AnalyzerRunnable } from "./rust_analyzer.ts";

/** The command that lenses execute, with a configuration. */
export const DEBUG_COMMAND = "crabtrap.debug";

const TITLES: Readonly<Record<Runnable["kind"], string>> = {
  main: "Debug",
  test: "Debug test",
  cases: "Debug cases",
  bench: "Debug benchmark",
  module: "Debug tests",
};

/** Finds what can be debugged by itself; rust-analyzer knows better what cargo is to be told. */
export class LensProvider implements CodeLensProvider {
  private readonly changed = new EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.changed.event;
  private readonly targets: WorkspaceTargets;

  constructor(targets: WorkspaceTargets) {
    this.targets = targets;
  }

  /** Has the editor ask again: a manifest or a setting has changed. */
  refresh(): void {
    this.changed.fire();
  }

  async provideCodeLenses(document: TextDocument, token: CancellationToken): Promise<CodeLens[]> {
    const runnables = showsLenses(document) ? findRunnables(document.getText()) : [];
    if (runnables.length === 0) {
      return [];
    }
    const extra = extraArguments(document);
    const analyzed = await analyzerConfigurations(document, extra);
    const place = await this.placeOf(document.uri.fsPath);
    if (token.isCancellationRequested) {
      return [];
    }
    const suffix = analyzed.size > 0 ? " (crabtrap)" : "";
    return runnables.flatMap((runnable) => {
      const own = place && ownConfiguration(place, runnable, extra);
      // That a macro makes several tests of a function rust-analyzer may not know.
      const others = runnable.kind === "cases" ? undefined : analyzed.get(runnable.line);
      const configuration = others ?? own;
      return configuration === undefined
        ? []
        : [lens(runnable, `${TITLES[runnable.kind]}${suffix}`, configuration)];
    });
  }

  private async placeOf(file: string): Promise<ModulePlace | undefined> {
    const targets = await this.targets.ofFile(file).catch(() => []);
    return findModule(targets, file, (path) => readFileSync(path, "utf8"));
  }
}

function ownConfiguration(
  { target, modules }: ModulePlace,
  runnable: Runnable,
  extra: ExtraArguments,
): CargoConfiguration | undefined {
  const filter = testFilter(runnable, modules);
  if (filter !== undefined) {
    return filteredConfiguration(target, filter, extra);
  }
  const isProgram = target.kind === "bin" || target.kind === "example";
  return isProgram && modules.length === 0 ? runConfiguration(target, extra) : undefined;
}

function lens(runnable: Runnable, title: string, configuration: CargoConfiguration): CodeLens {
  const range = new Range(runnable.line, 0, runnable.line, 0);
  return new CodeLens(range, { title, command: DEBUG_COMMAND, arguments: [configuration] });
}

/** The part of rust-analyzer's interface that is used. */
interface AnalyzerExtension {
  readonly client?: {
    sendRequest(method: string, parameters: object): Promise<AnalyzerRunnable[] | null>;
  };
}

/** What rust-analyzer says that can be run, by the line of its name; nothing without it. */
async function analyzerConfigurations(
  document: TextDocument,
  extra: ExtraArguments,
): Promise<Map<number, CargoConfiguration>> {
  const name = "rust-lang.rust-analyzer";
  const analyzer = extensions.getExtension<AnalyzerExtension | undefined>(name);
  const client = analyzer?.isActive ? analyzer.exports?.client : undefined;
  const textDocument = { uri: document.uri.toString() };
  const request = client?.sendRequest("experimental/runnables", { textDocument, position: null });
  const found = new Map<number, CargoConfiguration>();
  // It may be starting or reading the workspace still: then lenses are found without it.
  for (const one of (await request?.catch(() => null)) ?? []) {
    const line = one.location?.targetSelectionRange.start.line;
    const configuration = analyzerConfiguration(one, extra);
    if (line !== undefined && configuration !== undefined && !found.has(line)) {
      found.set(line, configuration);
    }
  }
  return found;
}
