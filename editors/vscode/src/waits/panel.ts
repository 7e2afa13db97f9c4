/** The panel with the graph of waits, drawn anew at every stop. */

import { type Disposable, ViewColumn, type WebviewPanel, window } from "vscode";

import type { Stops } from "../stops.ts";
import { waitsPage, type WaitsDescription } from "./page.ts";

/** Shows one panel at most. */
export class WaitsPanel implements Disposable {
  private panel: WebviewPanel | undefined;
  private readonly stops: Stops;
  private readonly following: Disposable;

  constructor(stops: Stops) {
    this.stops = stops;
    this.following = stops.onDidChange(() => {
      if (this.panel?.visible === true) {
        void this.draw(this.panel);
      }
    });
  }

  /** Opens the panel, or brings it to the front. */
  async show(): Promise<void> {
    const panel = this.panel ?? this.open();
    panel.reveal(undefined, true);
    await this.draw(panel);
  }

  dispose(): void {
    this.following.dispose();
    this.panel?.dispose();
  }

  private open(): WebviewPanel {
    const where = { viewColumn: ViewColumn.Beside, preserveFocus: true };
    const panel = window.createWebviewPanel("crabtrap.waits", "Waits", where, {
      enableScripts: false,
      localResourceRoots: [],
    });
    panel.onDidDispose(() => {
      this.panel = undefined;
    });
    this.panel = panel;
    return panel;
  }

  private async draw(panel: WebviewPanel): Promise<void> {
    const session = this.stops.stopped;
    if (session === undefined) {
      panel.webview.html = waitsPage(undefined, "The program is not stopped.");
      return;
    }
    try {
      const answer = (await session.customRequest("crabtrap/waits", {
        format: "svg",
      })) as WaitsDescription;
      panel.webview.html = waitsPage(answer, "");
    } catch (error) {
      const note = error instanceof Error ? error.message : String(error);
      panel.webview.html = waitsPage(undefined, note);
    }
  }
}
