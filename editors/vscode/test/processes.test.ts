import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";

import { listProcesses } from "../src/processes/list.ts";
import { isRust } from "../src/processes/rust_file.ts";

test("a process of ours is listed, and this one is not", async () => {
  const child = spawn("sleep", ["1000"]);
  try {
    await once(child, "spawn");
    const found = listProcesses();
    const entry = found.find((each) => each.pid === child.pid);
    assert.equal(entry?.commandLine, "sleep 1000");
    assert.equal(entry.isRust, false);
    assert.ok(found.every((each) => each.pid !== process.pid));
  } finally {
    child.kill();
  }
});

test("what is no program of rustc's", () => {
  assert.equal(isRust(import.meta.filename), false);
  assert.equal(isRust("/no/such/file"), undefined);
});
