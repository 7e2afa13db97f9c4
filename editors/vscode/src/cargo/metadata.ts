/** What `cargo metadata` says that there is to be built. */

/** What cargo calls the kind of a target, all kinds of libraries taken as one. */
export type TargetKind = "bin" | "example" | "lib" | "test" | "bench";

/** Something that cargo makes a program of, or a program of its tests. */
export interface Target {
  readonly name: string;
  readonly kind: TargetKind;
  readonly packageName: string;
  /** The directory of the package's `Cargo.toml`. */
  readonly packageRoot: string;
  /** The directory from which cargo is run. */
  readonly workspaceRoot: string;
  /** The file with its root module. */
  readonly sourcePath: string;
  /** Features without which it is not built. */
  readonly requiredFeatures: readonly string[];
  /** `cargo test` makes a program of its tests. */
  readonly isTested: boolean;
}

interface Metadata {
  readonly workspace_root: string;
  readonly workspace_members: readonly string[];
  readonly packages: readonly {
    readonly id: string;
    readonly name: string;
    readonly manifest_path: string;
    readonly targets: readonly {
      readonly name: string;
      readonly kind: readonly string[];
      readonly src_path: string;
      readonly test: boolean;
      readonly "required-features"?: readonly string[];
    }[];
  }[];
}

/**
 * Reads the output of `cargo metadata --no-deps --format-version 1`.
 *
 * @returns The targets of the workspace's members without build scripts, programs first.
 * @throws SyntaxError - It is no JSON.
 */
export function parseMetadata(text: string): Target[] {
  const metadata = JSON.parse(text) as Metadata;
  const members = new Set(metadata.workspace_members);
  const found: Target[] = [];
  for (const one of metadata.packages.filter((each) => members.has(each.id))) {
    for (const target of one.targets) {
      const kind = kindOf(target.kind);
      if (kind !== undefined) {
        found.push({
          name: target.name,
          kind,
          packageName: one.name,
          packageRoot: directoryOf(one.manifest_path),
          workspaceRoot: metadata.workspace_root,
          sourcePath: target.src_path,
          requiredFeatures: target["required-features"] ?? [],
          isTested: target.test,
        });
      }
    }
  }
  return found.sort((one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind));
}

const KINDS: readonly TargetKind[] = ["bin", "example", "lib", "test", "bench"];

function kindOf(kinds: readonly string[]): TargetKind | undefined {
  const [kind = ""] = kinds;
  if (kind === "custom-build") {
    return undefined;
  }
  return KINDS.find((each) => each === kind) ?? "lib";
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
