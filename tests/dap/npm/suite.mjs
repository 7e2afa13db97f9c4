// `crabtrap dap`, driven by the client that VS Code's own adapters are tested with.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { DebugClient } from "@vscode/debugadapter-testsupport";

const ROOT = resolve(import.meta.dirname, "../../..");
const CRABTRAP = join(ROOT, ".venv/bin/crabtrap");

let directory, source, launch, client;

before(() => {
  directory = mkdtempSync(join(tmpdir(), "till-"));
  cpSync(join(ROOT, "tests/vscode/project"), directory, { recursive: true });
  source = join(directory, "src/main.rs");
  launch = { cargo: { args: ["build"], cwd: directory } };
});
after(() => rmSync(directory, { recursive: true }));

beforeEach(async () => {
  // It is started with the second argument as its only one.
  client = new DebugClient(CRABTRAP, "dap", "crabtrap");
  client.defaultTimeout = 60_000;
  await client.start();
});
afterEach(() => client.stop());

/** The line that ends in `// @name`. */
function marker(name) {
  return readFileSync(source, "utf8").split("\n").findIndex((line) => line.endsWith(`// @${name}`)) + 1;
}

test("an unknown request is refused, and the session lives", async () => {
  await assert.rejects(client.send("illegalRequest"));
  const { body } = await client.initializeRequest();
  assert.equal(body.supportsConfigurationDoneRequest, true);
});

test("a breakpoint is hit", async () => {
  await client.hitBreakpoint(launch, { path: source, line: marker("total") });
});

test("a breakpoint with a condition is hit when that holds", async () => {
  const location = { path: source, line: marker("pays") };
  await Promise.all([
    client.waitForEvent("initialized").then(async () => {
      const breakpoints = [{ line: location.line, condition: 'order.customer == "grace"' }];
      await client.setBreakpointsRequest({ source: { path: source }, breakpoints });
      await client.configurationDoneRequest();
    }),
    client.launch(launch),
    client.assertStoppedLocation("breakpoint", location),
  ]);
});

test("a panic stops the program, stepping goes on from a breakpoint, output is told apart", async () => {
  await client.hitBreakpoint(launch, { path: source, line: marker("pays") });
  const { body } = await client.threadsRequest();
  const threadId = body.threads[0].id;
  await Promise.all([
    client.nextRequest({ threadId }),
    client.assertStoppedLocation("step", { path: source, line: marker("pays") + 1 }),
  ]);
  await client.setBreakpointsRequest({ source: { path: source }, breakpoints: [] });
  await client.setExceptionBreakpointsRequest({ filters: ["rust_panic"] });
  await Promise.all([
    client.continueRequest({ threadId }),
    client.assertOutput("stdout", "order 1 is paid, 10 in the till"),
    client.waitForEvent("stopped").then(({ body: stop }) => assert.equal(stop.reason, "exception")),
  ]);
  await Promise.all([client.continueRequest({ threadId }), client.waitForEvent("terminated")]);
});
