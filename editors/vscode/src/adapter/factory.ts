/** Starts the adapter of a session. */

import { accessSync, constants, statSync } from "node:fs";
import {
  commands,
  ConfigurationTarget,
  DebugAdapterExecutable,
  type DebugAdapterDescriptorFactory,
  type DebugSession,
  extensions,
  window,
  workspace,
  type WorkspaceFolder,
} from "vscode";

import { adapterPath } from "../settings.ts";
import { type AdapterCommand, AdapterMissing, locateAdapter, UVX } from "./location.ts";

/** Starts `crabtrap dap` in the directory of the workspace. */
export class AdapterFactory implements DebugAdapterDescriptorFactory {
  createDebugAdapterDescriptor({ workspaceFolder }: DebugSession): DebugAdapterExecutable {
    const { command, args } = findAdapter(workspaceFolder);
    const cwd = workspaceFolder?.uri.fsPath;
    return new DebugAdapterExecutable(command, [...args], cwd ? { cwd } : {});
  }
}

/**
 * Finds the adapter.
 *
 * @throws AdapterMissing - There is none.
 */
function findAdapter(folder: WorkspaceFolder | undefined): AdapterCommand {
  return locateAdapter({
    setting: adapterPath(folder),
    folders: (workspace.workspaceFolders ?? []).map((each) => each.uri.fsPath),
    python: selectedPython(folder),
    environment: process.env,
    isExecutable,
  });
}

/** Says whether there is an adapter; if not, the user is told what to do. */
export async function isAdapterThere(folder: WorkspaceFolder | undefined): Promise<boolean> {
  try {
    findAdapter(folder);
    return true;
  } catch (error) {
    if (!(error instanceof AdapterMissing)) {
      throw error;
    }
    await offerHelp(error);
    return false;
  }
}

async function offerHelp(error: AdapterMissing): Promise<void> {
  const settings = "Open Settings";
  const uvx = "Let uv download and run it";
  const offers = error.canUseUvx ? [settings, uvx] : [settings];
  const chosen = await window.showErrorMessage(`No debugger: ${error.message}`, ...offers);
  if (chosen === settings) {
    await commands.executeCommand("workbench.action.openSettings", "crabtrap.path");
  } else if (chosen === uvx) {
    const configuration = workspace.getConfiguration("crabtrap");
    await configuration.update("path", UVX, ConfigurationTarget.Global);
  }
}

/** The part of the Python extension's interface that is used. */
interface PythonExtension {
  readonly environments?: {
    getActiveEnvironmentPath(folder?: WorkspaceFolder["uri"]): { readonly path: string };
  };
}

function selectedPython(folder: WorkspaceFolder | undefined): string | undefined {
  const python = extensions.getExtension<PythonExtension | undefined>("ms-python.python");
  return python?.isActive
    ? python.exports?.environments?.getActiveEnvironmentPath(folder?.uri).path
    : undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
