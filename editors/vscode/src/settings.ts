/** The settings of the extension, typed. */

import { type ConfigurationScope, workspace } from "vscode";

import type { ExtraArguments } from "./cargo/configurations.ts";

/** The setting `crabtrap.path`, "" if it is not set. */
export function adapterPath(scope?: ConfigurationScope): string {
  return read(scope, "path", "").trim();
}

/** The file that gets a copy of all messages to and from the adapter, "" for none. */
export function traceFile(scope?: ConfigurationScope): string {
  return read(scope, "trace", "").trim();
}

/** What is added to cargo's arguments and to those of tests. */
export function extraArguments(scope?: ConfigurationScope): ExtraArguments {
  return { cargo: read(scope, "cargo.extraArgs", []), test: read(scope, "test.extraArgs", []) };
}

/** Lenses are shown. */
export function showsLenses(scope?: ConfigurationScope): boolean {
  return read(scope, "lens.enabled", true);
}

function read<T>(scope: ConfigurationScope | undefined, name: string, otherwise: T): T {
  return workspace.getConfiguration("crabtrap", scope).get(name, otherwise);
}
