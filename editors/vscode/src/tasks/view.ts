/** The tree of tasks: each with what it awaits, from the root inwards. */

import {
  type Command,
  type DebugSession,
  EventEmitter,
  MarkdownString,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  Uri,
} from "vscode";

import { type Stops } from "../stops.ts";
import { placeText, type Place, type TaskDescription, type TasksDescription, taskRow } from "./rows.ts";

interface StackTrace {
  readonly stackFrames: readonly {
    readonly name: string;
    readonly line: number;
    readonly source?: { readonly path?: string };
  }[];
}

type Node =
  | { readonly kind: "task"; readonly session: DebugSession; readonly task: TaskDescription }
  | { readonly kind: "frame"; readonly name: string; readonly place: Place }
  | { readonly kind: "note"; readonly text: string };

/** Asks the adapter for tasks whenever the program stops, if the view is shown. */
export class TaskTree implements TreeDataProvider<Node> {
  private readonly changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly stops: Stops;

  constructor(stops: Stops) {
    this.stops = stops;
    stops.onDidChange(() => {
      this.changed.fire(undefined);
    });
  }

  getTreeItem(node: Node): TreeItem {
    switch (node.kind) {
      case "task":
        return taskItem(node.task);
      case "frame":
        return frameItem(node.name, node.place);
      case "note":
        return new TreeItem(node.text);
    }
  }

  async getChildren(node?: Node): Promise<Node[]> {
    const session = this.stops.stopped;
    if (session === undefined) {
      return [];
    }
    try {
      return node === undefined ? await tasksOf(session) : await framesOf(node);
    } catch (error) {
      return [{ kind: "note", text: error instanceof Error ? error.message : String(error) }];
    }
  }
}

async function tasksOf(session: DebugSession): Promise<Node[]> {
  const answer = (await session.customRequest("crabtrap/asyncTasks")) as TasksDescription;
  const tasks: Node[] = answer.tasks.map((task) => ({ kind: "task", session, task }));
  const notes: Node[] = (answer.problems ?? []).map((text) => ({ kind: "note", text }));
  return tasks.length + notes.length ? [...tasks, ...notes] : [{ kind: "note", text: "No tasks." }];
}

async function framesOf(node: Node): Promise<Node[]> {
  if (node.kind !== "task" || node.task.threadId === undefined) {
    return [];
  }
  const { threadId } = node.task;
  const answer = (await node.session.customRequest("stackTrace", { threadId })) as StackTrace;
  return answer.stackFrames.map(({ name, line, source }) => {
    return { kind: "frame", name, place: { path: source?.path ?? null, line } };
  });
}

function taskItem(task: TaskDescription): TreeItem {
  const { label, description, tooltip, icon } = taskRow(task);
  const item = new TreeItem(label, TreeItemCollapsibleState.Collapsed);
  item.description = description;
  item.tooltip = new MarkdownString(tooltip);
  item.iconPath = new ThemeIcon(icon);
  item.contextValue = "task";
  const opening = openCommand(task.waits_at);
  return opening === undefined ? item : Object.assign(item, { command: opening });
}

function frameItem(name: string, place: Place): TreeItem {
  const item = new TreeItem(name);
  item.description = placeText(place);
  const opening = openCommand(place);
  return opening === undefined ? item : Object.assign(item, { command: opening });
}

function openCommand(place: Place | null): Command | undefined {
  if (!place?.path || !place.line) {
    return undefined;
  }
  const line = place.line - 1;
  const selection = { start: { line, character: 0 }, end: { line, character: 0 } };
  const options = { selection, preserveFocus: true };
  return {
    title: "Show where it waits",
    command: "vscode.open",
    arguments: [Uri.file(place.path), options],
  };
}
