import assert from "node:assert/strict";
import { test } from "node:test";

import { AdapterMissing, locateAdapter, type Surroundings } from "../src/adapter/location.ts";

function surroundings(present: string[], changes: Partial<Surroundings> = {}): Surroundings {
  return {
    setting: "",
    folders: ["/w"],
    python: undefined,
    environment: { HOME: "/home/x", PATH: "/usr/bin:/bin" },
    isExecutable: (path) => present.includes(path),
    ...changes,
  };
}

const everywhere = [
  "/conda/bin/crabtrap",
  "/w/.venv/bin/crabtrap",
  "/usr/bin/crabtrap",
  "/home/x/.local/bin/crabtrap",
];

test("the nearest is taken", () => {
  const python = { python: "/conda/bin/python" };
  assert.equal(locateAdapter(surroundings(everywhere, python)).command, everywhere[0]);
  for (let first = 1; first < everywhere.length; first++) {
    const present = everywhere.slice(first);
    const found = locateAdapter(surroundings(present, python));
    assert.deepEqual(found, { command: present[0], args: ["dap"] });
  }
});

test("the setting is taken before all others", () => {
  const present = ["/opt/crabtrap", "/home/x/my/crabtrap", "/w/tools/crabtrap", ...everywhere];
  const settings: [string, string][] = [
    ["/opt/crabtrap", "/opt/crabtrap"],
    ["~/my/crabtrap", "/home/x/my/crabtrap"],
    ["tools/crabtrap", "/w/tools/crabtrap"],
    ["crabtrap", "/usr/bin/crabtrap"],
  ];
  for (const [setting, expected] of settings) {
    assert.equal(locateAdapter(surroundings(present, { setting })).command, expected);
  }
});

test("a wrong setting is told, and nothing else taken", () => {
  const wrong = surroundings(everywhere, { setting: "/opt/missing" });
  assert.throws(() => locateAdapter(wrong), /crabtrap.path is \/opt\/missing/);
});

test("uvx is taken where it was chosen, and offered where nothing else is there", () => {
  const present = ["/home/x/.local/bin/uvx"];
  const chosen = locateAdapter(surroundings(present, { setting: "uvx" }));
  assert.deepEqual(chosen, { command: present[0], args: ["crabtrap", "dap"] });
  for (const [found, offered] of [[present, true], [[], false]] as const) {
    assert.throws(
      () => locateAdapter(surroundings([...found])),
      (error) => error instanceof AdapterMissing && error.canUseUvx === offered,
    );
  }
});
