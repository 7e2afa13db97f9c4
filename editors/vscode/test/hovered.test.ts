import assert from "node:assert/strict";
import { test } from "node:test";

import { findHovered } from "../src/values/hovered.ts";

/** The expression at the mark `^` in the line below. */
function hovered(line: string, pointer: string): string | undefined {
  const span = findHovered(line, pointer.indexOf("^"));
  return span && line.slice(span.start, span.end);
}

const cases: [string, string, string, string | undefined][] = [
  ["a variable", "let b = count + 1;", "          ^", "count"],
  ["a field", "self.order.id + 1", "           ^", "self.order.id"],
  ["a field's owner", "self.order.id + 1", "      ^", "self.order"],
  ["a field of an item", "self.a.b[i + 1].name", "                 ^", "self.a.b[i + 1].name"],
  ["an item", "self.a.b[0]", "          ^", "self.a.b[0]"],
  ["an item by its opening bracket", "rows[1][2]", "       ^", "rows[1][2]"],
  ["an index", "rows[at][2]", "      ^", "at"],
  ["a path", "x + crate::config::LIMIT", "                    ^", "crate::config::LIMIT"],
  ["a tuple's field", "pair.1 + 2", "     ^", "pair.1"],
  ["an end of a range", "0..end", "   ^", "end"],
  ["spaces around the point", "order .id", "       ^", "order .id"],
  ["no call", "self.len()", "      ^", undefined],
  ["no field of what a call returns", "make().id", "       ^", undefined],
  ["no field behind ?", "make?.id", "      ^", undefined],
  ["no macro", "println!(x)", "   ^", undefined],
  ["but an inequality", "count != 3", "  ^", "count"],
  ["no keyword", "let x = 1;", " ^", undefined],
  ["self", "self.x", " ^", "self"],
  ["no number", "x + 42", "    ^", undefined],
  ["nothing", "a   b", "  ^", undefined],
];
for (const [name, line, pointer, expected] of cases) {
  test(name, () => {
    assert.equal(hovered(line, pointer), expected);
  });
}
