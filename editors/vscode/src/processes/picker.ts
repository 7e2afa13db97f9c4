/** Asks the user for a process to attach to. */

import { type QuickPickItem, window } from "vscode";

import { listProcesses, type ProcessEntry } from "./list.ts";

/** Shows the processes of this user; returns the pid as text, which variables are made of. */
export async function pickProcess(): Promise<string | undefined> {
  const picked = await window.showQuickPick(listProcesses().map(itemOf), {
    title: "Attach to which process?",
    placeHolder: "Name, pid or arguments; programs written in Rust come first",
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.pid;
}

function itemOf(entry: ProcessEntry): QuickPickItem & { readonly pid: string } {
  const pid = String(entry.pid);
  const description = entry.isRust === true ? `${pid} · Rust` : pid;
  return { label: entry.name, description, detail: entry.commandLine, pid };
}
