import assert from "node:assert/strict";
import { test } from "node:test";

import { maskSource } from "../src/rust/masked.ts";
import { findMentions } from "../src/values/inline.ts";

/** The names found when the program is at the line with `// here`, as "line:name". */
function mentions(source: string): string[] {
  const lines = source.split("\n");
  const stopped = lines.findIndex((line) => line.includes("// here"));
  return findMentions(maskSource(source).split("\n"), stopped).map((one) => `${one.line}:${one.text}`);
}

test("parameters, and variables before the line", () => {
  const source = `fn total(items: &[u32], rate: u32) -> u32 {
    let mut sum = 0;
    sum += rate; // here
    let after = sum;
}`;
  assert.deepEqual(mentions(source), ["0:items", "0:rate", "1:sum", "2:sum", "2:rate"]);
});

test("not those of another function", () => {
  const source = `fn other() { let x = 1; }
fn this() {
    let y = 2;
    fn inner(z: u8) { let w = 1; }
    if y > 1 {
        call(y); // here
    }
}`;
  assert.deepEqual(mentions(source), ["2:y", "4:y", "5:y"]);
});

test("not those of a block that has ended", () => {
  const source = `fn f(v: Vec<u8>) {
    for item in &v {
        let twice = item * 2;
    }
    let end = v.len(); // here
}`;
  assert.deepEqual(mentions(source), ["0:v", "1:v", "4:end", "4:v"]);
});

test("the item of a loop that goes on", () => {
  const source = `fn f(v: Vec<u8>) {
    for item in &v {
        let twice = item * 2;
        use_it(twice); // here
    }
}`;
  assert.deepEqual(mentions(source).slice(1), ["1:item", "1:v", "2:twice", "2:item", "3:twice"]);
});

test("fields of self are evaluated; methods, paths and named fields are none", () => {
  const source = `fn f(&self) {
    let p = Point { x: self.width, y: std::mem::size() };
    self.area(); // here
}`;
  assert.deepEqual(mentions(source), ["1:p", "1:self.width"]);
});

test("a signature over several lines", () => {
  const source = `fn f(
    first: u8,
    second: u8,
) {
    go(first); // here
}`;
  assert.deepEqual(mentions(source), ["1:first", "2:second", "4:first"]);
});

test("texts and comments hold no variables", () => {
  const source = `fn f(a: u8) {
    say("a b"); // a
    go(a); // here
}`;
  assert.deepEqual(mentions(source), ["0:a", "2:a"]);
});
