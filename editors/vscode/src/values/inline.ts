/** Which variables of a function are worth showing at the ends of its lines. */

import { KEYWORDS, PRIMITIVES } from "../rust/keywords.ts";

/** A name that may be a variable, or a field of `self`; line and columns are counted from 0. */
export interface Mention {
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** It has to be evaluated: it is no variable's name. */
  readonly isExpression: boolean;
}

const TOKEN =
  /self\.[a-z_]\w*(?!\w|\s*[(!])|'\w+|[\p{L}_][\p{L}\p{N}_]*|\d[\w.]*|::|->|=>|==|[^\s\w]/gu;

/**
 * Finds variables that are alive at `stopped`: mentioned in the function around it, not after it.
 *
 * @param masked - Lines of source without comments and literals.
 * @param stopped - The line the program is at, from 0.
 * @returns Every name once a line.
 */
export function findMentions(masked: readonly string[], stopped: number): Mention[] {
  const reader = new Reader();
  const last = Math.min(stopped, masked.length - 1);
  for (let line = functionStart(masked, stopped); line <= last; line++) {
    const tokens = [...(masked[line] ?? "").matchAll(TOKEN)];
    tokens.forEach((match, place) => {
      const next = tokens[place + 1]?.[0] ?? "";
      reader.read({ line, start: match.index, text: match[0], next });
    });
  }
  return onceALine(reader.found);
}

interface Token {
  readonly line: number;
  readonly start: number;
  readonly text: string;
  readonly next: string;
}

/** A block that is open: what was found before it, and the names that end with it. */
interface Block {
  readonly first: number;
  readonly declared: Set<string>;
}

/** Reads the tokens of a function, forgetting the variables of blocks that end. */
class Reader {
  found: Mention[] = [];
  private readonly blocks: Block[] = [];
  private readonly brackets: string[] = [];
  private before = "";
  /** The word that began the pattern which is being read, "" outside of patterns. */
  private pattern = "";
  /** Names that belong to the next block: of a loop, a condition or a function within. */
  private coming: Block | undefined;

  read(token: Token): void {
    this.followPattern(token.text);
    this.followBrackets(token.text);
    if (this.isVariable(token)) {
      this.note(token);
    }
    this.before = token.text;
  }

  private followPattern(text: string): void {
    if (text === "let" || text === "for" || text === "fn") {
      this.pattern = text;
      const isOfBlock = text !== "let" || ["if", "while", "&"].includes(this.before);
      this.coming = isOfBlock ? { first: this.found.length, declared: new Set() } : undefined;
    } else if (PATTERN_ENDS[this.pattern]?.includes(text) === true) {
      this.pattern = "";
    }
  }

  private followBrackets(text: string): void {
    if (OPENING.includes(text)) {
      this.brackets.push(text);
    } else if (CLOSING.includes(text)) {
      this.brackets.pop();
    }
    if (text === "{") {
      this.blocks.push(this.coming ?? { first: this.found.length, declared: new Set() });
      this.coming = undefined;
    } else if (text === "}") {
      this.closeBlock();
    }
  }

  private closeBlock(): void {
    const block = this.blocks.pop();
    if (block !== undefined) {
      const { first, declared } = block;
      this.found = this.found.filter((each, place) => place < first || !declared.has(each.text));
    }
  }

  private isVariable({ text, next }: Token): boolean {
    if (!/^[\p{Ll}_]/u.test(text) || text === "self") {
      return false;
    }
    if (KEYWORDS.has(text) || PRIMITIVES.has(text)) {
      return false;
    }
    if ([".", "::", "fn", "->"].includes(this.before) || ["(", "!", "::"].includes(next)) {
      return false;
    }
    // `Point { x: 1 }` names a field; `fn f(x: i32)` and `let x: i32` name variables.
    return next !== ":" || this.brackets.at(-1) === "(" || this.pattern === "let";
  }

  private note({ line, start, text }: Token): void {
    const isExpression = text.includes(".");
    this.found.push({ line, start, end: start + text.length, text, isExpression });
    if (this.pattern !== "") {
      (this.coming ?? this.blocks.at(-1))?.declared.add(text);
    }
  }
}

const OPENING = ["(", "[", "{"];
const CLOSING = [")", "]", "}"];
const PATTERN_ENDS: Readonly<Record<string, readonly string[]>> = {
  let: ["=", ";", ":"],
  for: ["in"],
  fn: ["{", ";"],
};

function onceALine(found: readonly Mention[]): Mention[] {
  const seen = new Set<string>();
  return found.filter((each) => {
    const key = `${each.line} ${each.text}`;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/** The line in which the function around `stopped` begins. */
function functionStart(masked: readonly string[], stopped: number): number {
  if (/\bfn\s+\w+/.test(masked[stopped] ?? "")) {
    return stopped;
  }
  const before = masked.slice(0, stopped).join("\n");
  let closed = 0;
  for (let at = before.length - 1; at >= 0; at--) {
    if (before[at] === "}") {
      closed++;
    } else if (before[at] === "{" && closed-- === 0) {
      closed = 0;
      const header = /[^;{}]*$/.exec(before.slice(0, at))?.[0] ?? "";
      const name = header.search(/\bfn\s+\w+/);
      if (name >= 0) {
        return before.slice(0, at - header.length + name).split("\n").length - 1;
      }
    }
  }
  return 0;
}
