/** The expression below the mouse: a path, a field, an item, as far as the word that is pointed at. */

import { KEYWORDS } from "../rust/keywords.ts";

/** A part `[start, end)` of a line. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const WORD = /[\p{L}_][\p{L}\p{N}_]*|\d+/gu;

/**
 * Finds the expression that a hover at `column` (from 0) is about.
 *
 * @param line - A line of masked source: comments and literals are blank.
 * @returns Its place, or `undefined` where there is nothing that can be evaluated without running
 *   the program: a call, a macro, a keyword, a type's parameter.
 */
export function findHovered(line: string, column: number): Span | undefined {
  const word = wordAt(line, column);
  if (word === undefined) {
    return indexAt(line, column);
  }
  const text = line.slice(word.start, word.end);
  const start = startOf(line, word.start);
  if (KEYWORDS.has(text) || start === undefined || isCalled(line, word.end)) {
    return undefined;
  }
  // A number alone is a literal, behind a point it is a field of a tuple.
  return /^\d/.test(text) && start === word.start ? undefined : { start, end: word.end };
}

function wordAt(line: string, column: number): Span | undefined {
  for (const match of line.matchAll(WORD)) {
    const end = match.index + match[0].length;
    if (match.index <= column && column < end) {
      return { start: match.index, end };
    }
  }
  return undefined;
}

/** `a.b[i]`, pointed at by one of its brackets. */
function indexAt(line: string, column: number): Span | undefined {
  const close = line[column] === "]" ? column : line[column] === "[" ? closeOf(line, column) : -1;
  if (close < 0) {
    return undefined;
  }
  const open = openOf(line, close);
  const start = open === undefined ? undefined : startBeforeBracket(line, open);
  return start === undefined ? undefined : { start, end: close + 1 };
}

function closeOf(line: string, open: number): number {
  let depth = 0;
  for (let at = open; at < line.length; at++) {
    depth += line[at] === "[" ? 1 : line[at] === "]" ? -1 : 0;
    if (depth === 0) {
      return at;
    }
  }
  return -1;
}

function openOf(line: string, close: number): number | undefined {
  let depth = 0;
  for (let at = close; at >= 0; at--) {
    depth += line[at] === "]" ? 1 : line[at] === "[" ? -1 : 0;
    if (depth === 0) {
      return at;
    }
  }
  return undefined;
}

/** Where the expression begins whose last word begins at `wordStart`. */
function startOf(line: string, wordStart: number): number | undefined {
  const before = line.slice(0, wordStart);
  const joint = /(?:(?<!\.)\.|::)\s*$/.exec(before);
  if (joint === null) {
    return wordStart;
  }
  const left = before.slice(0, joint.index).trimEnd();
  if (left.endsWith("]")) {
    const open = openOf(line, left.length - 1);
    return open === undefined ? undefined : startBeforeBracket(line, open);
  }
  const word = /[\p{L}\p{N}_]+$/u.exec(left);
  // `f().x` would call `f`, and `x?.y` may leave the function.
  return word === null ? undefined : startOf(line, word.index);
}

function startBeforeBracket(line: string, open: number): number | undefined {
  const left = line.slice(0, open).trimEnd();
  if (left.endsWith("]")) {
    const previous = openOf(line, left.length - 1);
    return previous === undefined ? undefined : startBeforeBracket(line, previous);
  }
  const word = /[\p{L}\p{N}_]+$/u.exec(left);
  return word === null || KEYWORDS.has(word[0]) ? undefined : startOf(line, word.index);
}

function isCalled(line: string, end: number): boolean {
  return /^\s*(?:\(|!(?!=)|::\s*<)/.test(line.slice(end));
}
