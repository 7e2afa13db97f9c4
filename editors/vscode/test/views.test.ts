import assert from "node:assert/strict";
import { test } from "node:test";

import { portable } from "../src/configurations/portable.ts";
import { taskRow } from "../src/tasks/rows.ts";
import { waitsPage } from "../src/waits/page.ts";

test("a row of a task", () => {
  const task = {
    label: "7",
    name: "app::handle",
    state: "idle",
    runtime: "tokio",
    waits_at: { path: "/w/src/main.rs", line: 12 },
    waits_for: ["Mutex"],
    thread: null,
  };
  const row = taskRow(task);
  assert.equal(row.label, "7 app::handle");
  assert.equal(row.description, "idle · waits for Mutex · main.rs:12");
  const running = taskRow({ ...task, state: "running", waits_at: null, waits_for: [], thread: 2 });
  assert.equal(running.description, "running · in thread 2");
});

test("the page of waits escapes what programs are called", () => {
  const page = waitsPage(
    {
      svg: "<svg></svg>",
      diagnoses: [
        {
          kind: "deadlock",
          detail: "",
          links: [{ who: { task: "3", root: "a<T>" } }, { who: { thread: 1, name: "main" } }],
        },
      ],
    },
    "",
  );
  assert.match(page, /deadlock: task 3 a&lt;T&gt; → thread 1 main/);
  assert.match(page, /<figure><svg><\/svg><\/figure>/);
  assert.match(waitsPage(undefined, "no <program>"), /no &lt;program&gt;/);
});

test("configurations for a file name the directory by its variable", () => {
  const one = {
    type: "crabtrap",
    request: "launch",
    name: "Debug a",
    cargo: { args: ["build"], cwd: "/w/a" },
    args: [],
  } as const;
  assert.equal(portable(one, "/w").cargo.cwd, "${workspaceFolder}/a");
  assert.equal(portable(one, "/w/a").cargo.cwd, undefined);
  assert.equal(portable(one, "/other").cargo.cwd, "/w/a");
  assert.equal(portable(one, undefined), one);
});
