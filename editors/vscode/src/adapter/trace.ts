/** Copies what is said to and by adapters into a file, to report a problem with. */

import { createWriteStream } from "node:fs";
import type { DebugAdapterTracker, DebugAdapterTrackerFactory, DebugSession } from "vscode";

import { traceFile } from "../settings.ts";

/** Writes a line for every message: `>` to the adapter, `<` from it. */
export class Tracing implements DebugAdapterTrackerFactory {
  createDebugAdapterTracker({ workspaceFolder }: DebugSession): DebugAdapterTracker | undefined {
    const path = traceFile(workspaceFolder);
    if (path === "") {
      return undefined;
    }
    const file = createWriteStream(path, { flags: "a" });
    // That the file cannot be written is no reason to debug nothing.
    file.on("error", console.error);
    const write = (direction: string) => (message: unknown) => {
      file.write(`${direction} ${JSON.stringify(message)}\n`);
    };
    return {
      onWillReceiveMessage: write(">"),
      onDidSendMessage: write("<"),
      onExit: () => {
        file.end();
      },
    };
  }
}
