/** The targets of all that is open in the editor. */

import { dirname } from "node:path";
import { RelativePattern, type Uri, window, workspace, type WorkspaceFolder } from "vscode";

import type { Target } from "./metadata.ts";
import { packageDirectory, readTargets } from "./run.ts";

/** More packages that are no members of one workspace are not looked for. */
const MOST_MANIFESTS = 50;

/** Remembers what cargo has said until a `Cargo.toml` or `Cargo.lock` changes. */
export class WorkspaceTargets {
  private readonly known = new Map<string, Promise<Target[]>>();

  /** Forgets all: a manifest has changed. */
  forget(): void {
    this.known.clear();
  }

  /**
   * Returns the targets of the workspace that a file belongs to, none outside of packages.
   *
   * @throws CargoError - Cargo could not tell.
   */
  async ofFile(file: string): Promise<Target[]> {
    const directory = packageDirectory(file);
    return directory === undefined ? [] : this.ofPackage(directory);
  }

  /**
   * Returns all targets of a folder: those of the file being edited first.
   *
   * @throws CargoError - Cargo could not tell.
   */
  async ofFolder(folder: WorkspaceFolder | undefined): Promise<Target[]> {
    const edited = window.activeTextEditor?.document;
    const found = edited?.languageId === "rust" ? await this.ofFile(edited.uri.fsPath) : [];
    for (const manifest of await manifestsOf(folder)) {
      const directory = dirname(manifest.fsPath);
      if (!found.some((each) => [each.packageRoot, each.workspaceRoot].includes(directory))) {
        found.push(...(await this.ofPackage(directory)));
      }
    }
    return [...new Map(found.map((each) => [`${each.kind} ${each.sourcePath}`, each])).values()];
  }

  private ofPackage(directory: string): Promise<Target[]> {
    const known = this.known.get(directory);
    if (known !== undefined) {
      return known;
    }
    const asked = readTargets(directory);
    this.known.set(directory, asked);
    asked.catch(() => this.known.delete(directory));
    return asked;
  }
}

/** Manifests of a folder, the outermost first, so that members need not be asked for. */
async function manifestsOf(folder: WorkspaceFolder | undefined): Promise<Uri[]> {
  if (folder === undefined) {
    return [];
  }
  const pattern = new RelativePattern(folder, "**/Cargo.toml");
  const found = await workspace.findFiles(pattern, "**/{target,node_modules}/**", MOST_MANIFESTS);
  return found.sort((one, other) => one.path.length - other.path.length);
}
