import assert from "node:assert/strict";
import { test } from "node:test";

import {
  filteredConfiguration,
  runConfiguration,
  testConfiguration,
} from "../src/cargo/configurations.ts";
import { parseMetadata, type Target } from "../src/cargo/metadata.ts";
import { findModule } from "../src/cargo/modules.ts";

function target(kind: Target["kind"], name: string, sourcePath: string): Target {
  return {
    name,
    kind,
    packageName: "shop",
    packageRoot: "/w/shop",
    workspaceRoot: "/w",
    sourcePath: `/w/shop/${sourcePath}`,
    requiredFeatures: [],
    isTested: true,
  };
}

const LIB = target("lib", "shop", "src/lib.rs");
const BIN = target("bin", "shop", "src/main.rs");
const TOOL = target("bin", "tool", "src/bin/tool.rs");
const CHECKS = target("test", "checks", "tests/checks.rs");

test("targets of the members, without build scripts, programs first", () => {
  const text = JSON.stringify({
    workspace_root: "/w",
    workspace_members: ["a"],
    packages: [
      {
        id: "a",
        name: "shop",
        manifest_path: "/w/shop/Cargo.toml",
        targets: [
          { name: "shop", kind: ["rlib", "cdylib"], src_path: "/w/shop/src/lib.rs", test: true },
          { name: "build-script-build", kind: ["custom-build"], src_path: "/w/b.rs", test: false },
          {
            name: "tool",
            kind: ["bin"],
            src_path: "/w/shop/src/bin/tool.rs",
            test: true,
            "required-features": ["cli", "net"],
          },
        ],
      },
      { id: "b", name: "dependency", manifest_path: "/d/Cargo.toml", targets: [] },
    ],
  });
  const found = parseMetadata(text);
  assert.deepEqual(
    found.map((each) => [each.kind, each.name, each.packageRoot]),
    [
      ["bin", "tool", "/w/shop"],
      ["lib", "shop", "/w/shop"],
    ],
  );
  assert.ok(found[0]);
  assert.deepEqual(runConfiguration(found[0]).cargo.args, [
    "build",
    "--package=shop",
    "--bin=tool",
    "--features=cli,net",
  ]);
});

test("a program is built and run without arguments", () => {
  assert.deepEqual(runConfiguration(BIN), {
    type: "crabtrap",
    request: "launch",
    name: "Debug shop",
    cargo: {
      args: ["build", "--package=shop", "--bin=shop"],
      cwd: "/w",
      filter: { name: "shop", kind: "bin" },
    },
    args: [],
  });
});

test("all tests of a library, one test, and the cases of one", () => {
  const extra = { cargo: ["--release"], test: ["--quiet"] };
  const all = testConfiguration(LIB, extra);
  assert.equal(all.name, "Debug tests of shop (lib)");
  assert.deepEqual(all.cargo.args, ["test", "--no-run", "--package=shop", "--lib", "--release"]);
  assert.deepEqual(all.args, ["--nocapture", "--test-threads=1", "--quiet"]);
  const one = filteredConfiguration(LIB, { path: "a::b", isExact: true, isBench: false });
  const single = ["--nocapture", "--test-threads=1"];
  assert.deepEqual(one.args, ["a::b", "--exact", "--include-ignored", ...single]);
  const cases = filteredConfiguration(LIB, { path: "a::b", isExact: false, isBench: false });
  assert.deepEqual(cases.args, ["a::b", ...single]);
});

const modules: [string, string, Target | undefined, string[]][] = [
  ["a root", "src/lib.rs", LIB, []],
  ["a module of a library", "src/stock/shelf.rs", LIB, ["stock", "shelf"]],
  ["mod.rs", "src/stock/mod.rs", LIB, ["stock"]],
  ["a module that only main.rs has", "src/options.rs", BIN, ["options"]],
  ["another program's root", "src/bin/tool.rs", TOOL, []],
  ["an integration test", "tests/checks.rs", CHECKS, []],
  ["no source file", "src/notes.md", undefined, []],
];
for (const [name, file, expected, path] of modules) {
  test(`the module of ${name}`, () => {
    const texts: Record<string, string> = {
      [LIB.sourcePath]: "pub mod stock;",
      [BIN.sourcePath]: "mod options;",
    };
    const targets = [LIB, BIN, TOOL, CHECKS];
    const place = findModule(targets, `/w/shop/${file}`, (each) => texts[each] ?? "");
    assert.equal(place?.target, expected);
    assert.deepEqual(place?.modules ?? [], path);
  });
}
