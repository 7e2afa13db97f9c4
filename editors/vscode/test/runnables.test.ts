import assert from "node:assert/strict";
import { test } from "node:test";

import { findRunnables, testFilter } from "../src/lenses/runnables.ts";
import { analyzerConfiguration } from "../src/lenses/rust_analyzer.ts";

function found(source: string): string[] {
  return findRunnables(source).map((each) => `${each.line} ${each.kind} ${each.path.join("::")}`);
}

test("main, tests in a module, and the module", () => {
  const source = `fn main() {
    let text = "#[test] fn no() {}";
}

#[cfg(test)]
mod tests {
    use super::*;

    // #[test]
    fn helper() {}

    #[test]
    #[should_panic(expected = "[")]
    fn empty() { loop {} }

    #[tokio::test(flavor = "multi_thread")]
    async fn later() {}
}`;
  assert.deepEqual(found(source), [
    "0 main main",
    "5 module tests",
    "13 test tests::empty",
    "16 test tests::later",
  ]);
});

test("what macros make several of", () => {
  const source = `#[rstest]
#[case(1)]
fn sums(#[case] n: u32) {}

#[test_case(2; "two")]
fn doubles(n: u32) {}

#[bench]
fn speed(b: &mut Bencher) {}`;
  assert.deepEqual(found(source), ["2 cases sums", "5 cases doubles", "8 bench speed"]);
});

test("nested modules, and functions that are no tests", () => {
  const source = `mod outer { mod inner { #[test] fn a() {} } fn main() {} }
impl X { fn main() {} }
#[derive(Debug)] struct S { x: u8 }
mod elsewhere;
#[test] fn b() {}`;
  assert.deepEqual(found(source), [
    "0 module outer",
    "0 module outer::inner",
    "0 test outer::inner::a",
    "4 test b",
  ]);
});

test("filters", () => {
  const runnables = findRunnables("mod m { #[test] fn a() {} #[rstest] fn b() {} }\nfn main() {}");
  assert.deepEqual(
    runnables.map((each) => testFilter(each, ["file"])),
    [
      { path: "file::m::", isExact: false, isBench: false },
      { path: "file::m::a", isExact: true, isBench: false },
      { path: "file::m::b", isExact: false, isBench: false },
      undefined,
    ],
  );
});

const NO_EXTRA = { cargo: [], test: [] };

test("rust-analyzer's runnables", () => {
  const runnable = {
    label: "test tests::empty",
    kind: "cargo",
    args: {
      workspaceRoot: "/w",
      cargoArgs: ["test", "--package", "shop", "--lib"],
      executableArgs: ["tests::empty", "--exact", "--show-output"],
    },
  };
  assert.deepEqual(analyzerConfiguration(runnable, NO_EXTRA), {
    type: "crabtrap",
    request: "launch",
    name: "Debug tests::empty",
    cargo: { args: ["test", "--no-run", "--package", "shop", "--lib"], cwd: "/w" },
    args: ["tests::empty", "--exact", "--nocapture", "--test-threads=1"],
  });
});

test("rust-analyzer's runnables with nextest, and those that are no programs", () => {
  const args = { cargoArgs: ["nextest", "run", "--package", "shop", "--lib"] };
  const nextest = analyzerConfiguration({ label: "test a", kind: "cargo", args }, NO_EXTRA);
  assert.deepEqual(nextest?.cargo.args, ["test", "--no-run", "--package", "shop", "--lib"]);
  for (const cargoArgs of [["check", "--workspace"], ["test", "--doc"], []]) {
    const runnable = { label: "check", kind: "cargo", args: { cargoArgs } };
    assert.equal(analyzerConfiguration(runnable, NO_EXTRA), undefined);
  }
});
