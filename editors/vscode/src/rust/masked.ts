/**
 * Rust source with comments and literals blanked out, so that what looks for code finds code.
 *
 * Every character keeps its place, and every line its end.
 */

/** Returns `source` with spaces instead of comments and the insides of texts and characters. */
export function maskSource(source: string): string {
  const pieces: string[] = [];
  let at = 0;
  for (const match of source.matchAll(STARTS)) {
    const start = match.index;
    if (start < at) {
      continue; // within what was masked already
    }
    const end = endOf(source, start, match[0]);
    pieces.push(source.slice(at, start), blank(source.slice(start, end)));
    at = end;
  }
  pieces.push(source.slice(at));
  return pieces.join("");
}

/** What may begin a comment or a literal; a lifetime is none, and looked at by `endOf`. */
const STARTS = /\/\/|\/\*|(?<![\w])(?:b|c|br|cr|r)?#*"|"|(?<![\w])b?'/g;

const CHARACTER = /b?'(?:\\(?:u\{[0-9a-fA-F_]*\}|x[0-9a-fA-F]{2}|.)|[^\\'\n])'/uy;

function endOf(source: string, start: number, opening: string): number {
  if (opening === "//") {
    const end = source.indexOf("\n", start);
    return end < 0 ? source.length : end;
  }
  if (opening === "/*") {
    return endOfBlockComment(source, start);
  }
  if (opening.endsWith("'")) {
    CHARACTER.lastIndex = start;
    const match = CHARACTER.exec(source);
    return start + (match === null ? opening.length : match[0].length);
  }
  return endOfText(source, start + opening.length, opening);
}

function endOfBlockComment(source: string, start: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = start;
  let depth = 0;
  for (let mark = marks.exec(source); mark !== null; mark = marks.exec(source)) {
    depth += mark[0] === "/*" ? 1 : -1;
    if (depth === 0) {
      return marks.lastIndex;
    }
  }
  return source.length;
}

function endOfText(source: string, from: number, opening: string): number {
  if (/^[bc]?r/.test(opening) || opening.includes("#")) {
    const closing = `"${"#".repeat(opening.split("#").length - 1)}`;
    const end = source.indexOf(closing, from);
    return end < 0 ? source.length : end + closing.length;
  }
  const inside = /\\[\s\S]|"/g;
  inside.lastIndex = from;
  for (let found = inside.exec(source); found !== null; found = inside.exec(source)) {
    if (found[0] === '"') {
      return inside.lastIndex;
    }
  }
  return source.length;
}

function blank(text: string): string {
  return text.replaceAll(/[^\n\r]/g, " ");
}
