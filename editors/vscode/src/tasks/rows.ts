/** Tasks of asynchronous runtimes, as the adapter describes them and as rows of a tree. */

/** A place in the source. */
export interface Place {
  readonly function?: string | null;
  readonly path: string | null;
  readonly line: number | null;
}

/** One task of the answer to `crabtrap/asyncTasks`. */
export interface TaskDescription {
  readonly label: string;
  readonly name: string;
  readonly state: string;
  readonly runtime: string;
  readonly waits_at: Place | null;
  readonly waits_for: readonly string[];
  readonly thread: number | null;
  /** The pseudo-thread whose stack trace is what the task awaits. */
  readonly threadId?: number;
}

/** The answer to `crabtrap/asyncTasks`. */
export interface TasksDescription {
  readonly tasks: readonly TaskDescription[];
  readonly problems?: readonly string[];
}

/** A row of the tree. */
export interface TaskRow {
  readonly label: string;
  readonly description: string;
  /** In Markdown. */
  readonly tooltip: string;
  /** The name of one of the editor's icons. */
  readonly icon: string;
}

const ICONS: Readonly<Record<string, string>> = {
  idle: "watch",
  queued: "list-ordered",
  running: "play",
  complete: "pass",
  cancelled: "circle-slash",
};

/** Makes a row of a task: what it is, where it waits and what for. */
export function taskRow(task: TaskDescription): TaskRow {
  const waits = task.waits_for.length ? `waits for ${task.waits_for.join(", ")}` : "";
  const place = placeText(task.waits_at);
  const running = task.thread === null ? "" : `in thread ${task.thread}`;
  return {
    label: `${task.label} ${task.name}`,
    description: [task.state, running, waits, place].filter(Boolean).join(" · "),
    tooltip: [`**${task.name}**`, `${task.state}, ${task.runtime}`, waits].filter(Boolean).join("\n\n"),
    icon: ICONS[task.state] ?? "question",
  };
}

/** A place as text: the end of its path, and the line. */
export function placeText(place: Place | null): string {
  if (!place?.path) {
    return "";
  }
  const file = place.path.slice(place.path.lastIndexOf("/") + 1);
  return place.line === null ? file : `${file}:${place.line}`;
}
