/** Which session of ours is stopped, for views that follow the program. */

import {
  debug,
  type DebugAdapterTracker,
  type DebugAdapterTrackerFactory,
  type DebugSession,
  type Disposable,
  EventEmitter,
} from "vscode";

/** The type of our sessions. */
export const DEBUG_TYPE = "crabtrap";

/** Listens to the messages of adapters of ours. */
export class Stops implements DebugAdapterTrackerFactory, Disposable {
  private readonly changed = new EventEmitter<void>();
  /** The program has stopped, was resumed or has ended. */
  readonly onDidChange = this.changed.event;
  private readonly sessions = new Set<DebugSession>();
  private readonly switching = debug.onDidChangeActiveDebugSession(() => {
    this.changed.fire();
  });

  /** The session being looked at, if its program is stopped. */
  get stopped(): DebugSession | undefined {
    const active = debug.activeDebugSession;
    return active !== undefined && this.sessions.has(active) ? active : undefined;
  }

  createDebugAdapterTracker(session: DebugSession): DebugAdapterTracker {
    const follow = (isStopped: boolean) => {
      if (this.sessions.has(session) !== isStopped || isStopped) {
        this.sessions[isStopped ? "add" : "delete"](session);
        this.changed.fire();
      }
    };
    return {
      onDidSendMessage: (message: Message) => {
        const change = changeBy(message);
        if (change !== undefined) {
          follow(change);
        }
      },
      onWillStopSession: () => {
        follow(false);
      },
    };
  }

  dispose(): void {
    this.switching.dispose();
    this.changed.dispose();
  }
}

interface Message {
  readonly type: string;
  readonly event?: string;
  readonly command?: string;
  readonly success?: boolean;
}

const RESUMING = ["continue", "next", "stepIn", "stepOut", "goto", "restart"];

/** Whether the program is stopped after a message; `undefined` if it says nothing of that. */
function changeBy({ type, event = "", command = "", success }: Message): boolean | undefined {
  if (type === "event") {
    return event === "stopped"
      ? true
      : ["continued", "exited", "terminated"].includes(event)
        ? false
        : undefined;
  }
  return type === "response" && success === true && RESUMING.includes(command) ? false : undefined;
}
