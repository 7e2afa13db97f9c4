"""The ``cargo`` block: the server builds, chooses, and runs as cargo would."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.dap_client import DapClient, RequestFailed

MANIFEST = """\
[package]
name = "crate-a"
version = "1.2.3"
edition = "2021"

[[bin]]
name = "crate-a"
path = "src/main.rs"

[[bin]]
name = "other"
path = "src/other.rs"
"""

MAIN = """\
fn main() {
    println!("version one {:?}", std::env::args().nth(1)); // @main
}

#[test]
fn world() {
    for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_VERSION", "FROM_CONFIG", "LD_LIBRARY_PATH"] {
        println!("{name}={}", std::env::var(name).unwrap_or_default());
    }
    println!("cwd={}", std::env::current_dir().unwrap().display());
}
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    member = tmp_path / "member"
    (member / "src").mkdir(parents=True)
    (member / "Cargo.toml").write_text(MANIFEST)
    (member / "src" / "main.rs").write_text(MAIN)
    (member / "src" / "other.rs").write_text("fn main() {}\n")
    (tmp_path / "Cargo.toml").write_text('[workspace]\nmembers = ["member"]\nresolver = "2"\n')
    (tmp_path / ".cargo").mkdir()
    (tmp_path / ".cargo" / "config.toml").write_text('[env]\nFROM_CONFIG = "yes"\n')
    return tmp_path


def launch(client: DapClient, package: Path, **configuration: Any) -> None:
    client.initialize()
    seq = client.request("launch", {"cwd": str(package), **configuration})
    client.configure()
    client.response(seq)


@pytest.mark.timeout(120)
def test_several_programs_are_named(client: DapClient, package: Path) -> None:
    client.initialize()
    with pytest.raises(RequestFailed) as failed:
        client.response(
            client.request("launch", {"cwd": str(package), "cargo": {"args": ["build"]}}), 60
        )
    assert "crate-a (bin)" in failed.value.message
    assert "other (bin)" in failed.value.message
    assert '"filter"' in failed.value.message
    assert failed.value.shown


@pytest.mark.timeout(120)
def test_tests_have_the_world_that_cargo_gives_them(client: DapClient, package: Path) -> None:
    cargo = {"args": ["test", "--no-run", "--bin", "crate-a"]}
    client.initialize()
    seq = client.request(
        "launch", {"cargo": cargo | {"cwd": str(package)}, "args": ["--nocapture"]}
    )
    client.event("initialized", seconds=60)
    client.call("configurationDone")
    client.response(seq)
    assert client.event("exited") == {"exitCode": 0}
    ours = _variables(client.output("stdout"))
    shown = subprocess.run(
        ["cargo", "test", "-q", "--bin", "crate-a", "--", "--nocapture"],
        cwd=package,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert ours == _variables(shown)
    assert ours["cwd"] == str(package / "member")
    assert ours["FROM_CONFIG"] == "yes"


def _variables(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


@pytest.mark.timeout(120)
def test_restart_builds_anew(client: DapClient, package: Path) -> None:
    source = package / "member" / "src" / "main.rs"
    cargo = {"args": ["run", "--bin", "crate-a", "--", "given"], "env": {"NOTHING": None}}
    configuration = {"cargo": cargo, "cwd": str(package)}
    client.initialize()
    seq = client.request("launch", configuration)
    client.event("initialized", seconds=60)
    [placed] = client.set_breakpoints(str(source), 2)
    client.call("configurationDone")
    client.response(seq)
    assert client.stopped()["hitBreakpointIds"] == [placed["id"]]
    source.write_text(MAIN.replace("one", "two"))
    newer = configuration | {"cargo": {"args": ["run", "--bin", "crate-a", "--", "anew"]}}
    client.response(client.request("restart", {"arguments": newer}), 60)
    stop = client.stopped()
    assert stop["hitBreakpointIds"] == [placed["id"]]
    client.call("continue", threadId=stop["threadId"])
    client.event("exited")
    assert 'version two Some("anew")' in client.output("stdout")


@pytest.mark.timeout(120)
def test_what_does_not_compile_leaves_the_program_alone(client: DapClient, package: Path) -> None:
    source = package / "member" / "src" / "main.rs"
    configuration = {"cargo": ["build", "--bin", "crate-a"], "cwd": str(package)}
    client.initialize()
    seq = client.request("launch", configuration | {"stopOnEntry": True})
    client.event("initialized", seconds=60)
    client.call("configurationDone")
    client.response(seq)
    thread = client.stopped()["threadId"]
    source.write_text("fn main() { nonsense }\n")
    with pytest.raises(RequestFailed, match="cargo build"):
        client.response(client.request("restart", {"arguments": configuration}), 60)
    assert "nonsense" in client.output("console")
    client.call("continue", threadId=thread)
    assert client.event("exited") == {"exitCode": 0}
