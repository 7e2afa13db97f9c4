/** What the editor calls: everything is registered here, and nothing else happens. */

import {
  commands,
  debug,
  type DebugConfiguration,
  DebugConfigurationProviderTriggerKind,
  type ExtensionContext,
  languages,
  Uri,
  window,
  workspace,
} from "vscode";

import { AdapterFactory } from "./adapter/factory.ts";
import { Tracing } from "./adapter/trace.ts";
import { WorkspaceTargets } from "./cargo/workspace_targets.ts";
import { ConfigurationProvider } from "./configurations/provider.ts";
import { DEBUG_COMMAND, LensProvider } from "./lenses/provider.ts";
import { pickProcess } from "./processes/picker.ts";
import { DEBUG_TYPE, Stops } from "./stops.ts";
import { TaskTree } from "./tasks/view.ts";
import { Hovers, InlineValues } from "./values/providers.ts";
import { WaitsPanel } from "./waits/panel.ts";

const RUST = { language: "rust", scheme: "file" };

/** Begins; called by the editor. */
export function activate({ subscriptions }: ExtensionContext): void {
  const targets = new WorkspaceTargets();
  const lenses = new LensProvider(targets);
  const stops = new Stops();
  const waits = new WaitsPanel(stops);
  const provider = new ConfigurationProvider(targets);
  const manifests = workspace.createFileSystemWatcher("**/Cargo.{toml,lock}");
  const forget = () => {
    targets.forget();
    lenses.refresh();
  };
  subscriptions.push(
    stops,
    waits,
    manifests,
    manifests.onDidChange(forget),
    manifests.onDidCreate(forget),
    manifests.onDidDelete(forget),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("crabtrap")) {
        lenses.refresh();
      }
    }),
    debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, new AdapterFactory()),
    debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, stops),
    debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, new Tracing()),
    debug.registerDebugConfigurationProvider(DEBUG_TYPE, provider),
    debug.registerDebugConfigurationProvider(
      DEBUG_TYPE,
      provider,
      DebugConfigurationProviderTriggerKind.Dynamic,
    ),
    languages.registerCodeLensProvider(RUST, lenses),
    languages.registerInlineValuesProvider(RUST, new InlineValues()),
    languages.registerEvaluatableExpressionProvider(RUST, new Hovers()),
    window.registerTreeDataProvider("crabtrap.tasks", new TaskTree(stops)),
    commands.registerCommand(DEBUG_COMMAND, debugConfiguration),
    commands.registerCommand("crabtrap.pickProcess", pickProcess),
    commands.registerCommand("crabtrap.attach", attach),
    commands.registerCommand("crabtrap.showWaits", () => waits.show()),
    commands.registerCommand("crabtrap.restart", restart),
  );
}

async function debugConfiguration(configuration: DebugConfiguration): Promise<void> {
  const editor = window.activeTextEditor?.document.uri ?? Uri.file("/");
  await debug.startDebugging(workspace.getWorkspaceFolder(editor), configuration);
}

async function attach(): Promise<void> {
  const pid = await pickProcess();
  if (pid !== undefined) {
    const name = `Attach to ${pid}`;
    await debugConfiguration({ type: DEBUG_TYPE, request: "attach", name, pid: Number(pid) });
  }
}

/** The adapter builds what cargo has built before it starts it again. */
async function restart(): Promise<void> {
  if (debug.activeDebugSession?.type === DEBUG_TYPE) {
    await commands.executeCommand("workbench.action.debug.restart");
  } else {
    void window.showInformationMessage("Nothing is being debugged by crabtrap.");
  }
}
