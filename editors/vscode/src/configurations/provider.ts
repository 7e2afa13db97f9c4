/** Launch configurations: for F5 without a launch.json, and completed for the adapter. */

import {
  type DebugConfiguration,
  type DebugConfigurationProvider,
  window,
  type WorkspaceFolder,
} from "vscode";

import { isAdapterThere } from "../adapter/factory.ts";
import {
  type CargoConfiguration,
  type ExtraArguments,
  runConfiguration,
  testConfiguration,
} from "../cargo/configurations.ts";
import type { Target } from "../cargo/metadata.ts";
import { CargoError } from "../cargo/run.ts";
import type { WorkspaceTargets } from "../cargo/workspace_targets.ts";
import { pickProcess } from "../processes/picker.ts";
import { extraArguments } from "../settings.ts";
import { portable } from "./portable.ts";

/** Offers what cargo builds, and completes what is written in a launch.json. */
export class ConfigurationProvider implements DebugConfigurationProvider {
  private readonly targets: WorkspaceTargets;

  constructor(targets: WorkspaceTargets) {
    this.targets = targets;
  }

  /** Lists what a launch.json, or the menu of configurations, may begin with. */
  async provideDebugConfigurations(
    folder: WorkspaceFolder | undefined,
  ): Promise<DebugConfiguration[]> {
    const root = folder?.uri.fsPath;
    return (await this.offered(folder)).map((each) => ({ ...portable(each, root) }));
  }

  /** Makes a configuration of nothing: F5 without a launch.json. */
  async resolveDebugConfiguration(
    folder: WorkspaceFolder | undefined,
    given: DebugConfiguration,
  ): Promise<DebugConfiguration | undefined> {
    // Without a launch.json there is nothing in it, whatever its type says.
    if (given.type && given.request) {
      return given;
    }
    const chosen = await this.choose(await this.offered(folder));
    return chosen && { ...given, ...chosen };
  }

  /** Completes a configuration in which variables have their values. */
  async resolveDebugConfigurationWithSubstitutedVariables(
    folder: WorkspaceFolder | undefined,
    given: DebugConfiguration,
  ): Promise<DebugConfiguration | undefined> {
    if (!(await isAdapterThere(folder))) {
      return undefined;
    }
    if (given.request !== "attach") {
      return given;
    }
    return completeAttach(given);
  }

  private async offered(folder: WorkspaceFolder | undefined): Promise<CargoConfiguration[]> {
    try {
      const extra = extraArguments(folder);
      const targets = await this.targets.ofFolder(folder);
      return targets.flatMap((each) => configurationsOf(each, extra));
    } catch (error) {
      if (!(error instanceof CargoError)) {
        throw error;
      }
      void window.showErrorMessage(`cargo metadata: ${error.message}`);
      return [];
    }
  }

  private async choose(
    offered: readonly CargoConfiguration[],
  ): Promise<CargoConfiguration | undefined> {
    const programs = offered.filter((each) => each.cargo.args[0] === "build");
    if (programs.length === 1) {
      return programs[0];
    }
    if (offered.length === 0) {
      const what = "There is no Cargo.toml here: write a launch.json with a `program`.";
      void window.showErrorMessage(`Nothing to debug. ${what}`);
      return undefined;
    }
    const items = offered.map((configuration) => ({
      label: configuration.name.replace(/^Debug /, ""),
      description: configuration.cargo.args.join(" "),
      configuration,
    }));
    const title = "Debug what?";
    return (await window.showQuickPick(items, { title, matchOnDescription: true }))?.configuration;
  }
}

function configurationsOf(target: Target, extra: ExtraArguments): CargoConfiguration[] {
  const runs = target.kind === "bin" || target.kind === "example";
  const tests = target.isTested || target.kind === "bench";
  return [
    ...(runs ? [runConfiguration(target, extra)] : []),
    ...(tests && target.kind !== "example" ? [testConfiguration(target, extra)] : []),
  ];
}

/** A picker's answer is text, the adapter wants a number; without either the picker is asked. */
async function completeAttach(given: DebugConfiguration): Promise<DebugConfiguration | undefined> {
  const pid: unknown = given["pid"];
  if (typeof pid === "string") {
    return pid === "" ? undefined : { ...given, pid: Number(pid) };
  }
  const says = ["pid", "processName", "connect"].some((each) => given[each] !== undefined);
  if (says) {
    return given;
  }
  const picked = await pickProcess();
  return picked === undefined ? undefined : { ...given, pid: Number(picked) };
}
