/** What of a source file can be debugged by itself: tests, benchmarks, `main`. */

import type { TestFilter } from "../cargo/configurations.ts";
import { maskSource } from "../rust/masked.ts";

/** A function, or a module of tests, that can be debugged by itself. */
export interface Runnable {
  /** "cases": a test that a macro makes several of. */
  readonly kind: "main" | "test" | "cases" | "bench" | "module";
  /** Its modules within the file and its own name. */
  readonly path: readonly string[];
  /** The line with its name, from 0. */
  readonly line: number;
}

/** The last word of an attribute, and what it makes of a function. */
const ATTRIBUTES: Readonly<Record<string, "test" | "cases" | "bench">> = {
  test: "test",
  bench: "bench",
  quickcheck: "test",
  rstest: "cases",
  case: "cases",
  test_case: "cases",
  test_matrix: "cases",
  test_casing: "cases",
  parameterized: "cases",
};

const TOKEN = /#!?\[|\bmod\s+(\w+)|\bfn\s+(\w+)|[{};]/g;

/** Finds all that can be debugged by itself, in the order in which it is written. */
export function findRunnables(source: string): Runnable[] {
  const masked = maskSource(source);
  const lines = new LineCounter(masked);
  const found: Runnable[] = [];
  const modules: { name: string; depth: number; place: number; line: number }[] = [];
  let depth = 0;
  let attributes: string[] = [];
  let opening: { name: string; line: number } | undefined;
  TOKEN.lastIndex = 0;
  for (let token = TOKEN.exec(masked); token !== null; token = TOKEN.exec(masked)) {
    const [text, module, name] = token;
    if (text.startsWith("#")) {
      const end = endOfAttribute(masked, TOKEN.lastIndex);
      attributes.push(masked.slice(TOKEN.lastIndex, end));
      TOKEN.lastIndex = end;
    } else if (module !== undefined) {
      opening = { name: module, line: lines.at(token.index) };
    } else if (name !== undefined) {
      const kind = kindOf(attributes, name, depth);
      if (kind !== undefined) {
        const path = [...modules.map((each) => each.name), name];
        found.push({ kind, path, line: lines.at(token.index) });
      }
      attributes = [];
    } else if (text === "{") {
      depth++;
      if (opening !== undefined) {
        modules.push({ ...opening, depth, place: found.length });
        opening = undefined;
      }
      attributes = [];
    } else if (text === ";") {
      opening = undefined;
      attributes = [];
    } else {
      const ended = modules.at(-1);
      if (ended?.depth === depth) {
        addModule(found, modules);
      }
      depth--;
    }
  }
  return found;
}

/** Closes a module, which is debugged as a whole if there are tests in it. */
function addModule(
  found: Runnable[],
  modules: { name: string; place: number; line: number }[],
): void {
  const path = modules.map((each) => each.name);
  const ended = modules.pop();
  if (ended === undefined) {
    return;
  }
  const hasTests = found
    .slice(ended.place)
    .some((each) => each.kind === "test" || each.kind === "cases");
  if (hasTests) {
    found.splice(ended.place, 0, { kind: "module", path, line: ended.line });
  }
}

function kindOf(
  attributes: readonly string[],
  name: string,
  depth: number,
): Runnable["kind"] | undefined {
  const kinds = attributes.map((each) => {
    const [path = ""] = /^\s*(?:\w+\s*::\s*)*\w+/.exec(each) ?? [];
    return ATTRIBUTES[path.split("::").at(-1)?.trim() ?? ""];
  });
  for (const kind of ["cases", "test", "bench"] as const) {
    if (kinds.includes(kind)) {
      return kind;
    }
  }
  return name === "main" && depth === 0 ? "main" : undefined;
}

function endOfAttribute(masked: string, from: number): number {
  let depth = 1;
  for (let at = from; at < masked.length; at++) {
    depth += masked[at] === "[" ? 1 : masked[at] === "]" ? -1 : 0;
    if (depth === 0) {
      return at;
    }
  }
  return masked.length;
}

/** Which of its target's tests are those of a runnable; `undefined` for `main`. */
export function testFilter(
  runnable: Runnable,
  fileModules: readonly string[],
): TestFilter | undefined {
  const path = [...fileModules, ...runnable.path].join("::");
  switch (runnable.kind) {
    case "main":
      return undefined;
    case "module":
      return { path: `${path}::`, isExact: false, isBench: false };
    case "cases":
      return { path, isExact: false, isBench: false };
    case "test":
    case "bench":
      return { path, isExact: true, isBench: runnable.kind === "bench" };
  }
}

/** Tells the lines of ascending places in a text. */
class LineCounter {
  private line = 0;
  private counted = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  at(place: number): number {
    this.line += this.text.slice(this.counted, place).split("\n").length - 1;
    this.counted = place;
    return this.line;
  }
}
