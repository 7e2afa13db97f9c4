"""How sessions begin and end: attach, restart, terminate, disconnect, terminals."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.support.dap_client import Body, DapClient, RequestFailed
from tests.support.inferiors import build, running


def attach(client: DapClient, **configuration: Any) -> None:
    client.initialize()
    seq = client.request("attach", configuration)
    client.configure()
    client.response(seq)


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_process_is_attached_to_and_let_go(client: DapClient) -> None:
    with running(build("attachme"), "2") as program:
        attach(client, pid=program.pid, stopOnEntry=True)
        stop = client.stopped()
        assert stop["reason"] == "entry"
        assert len(client.call("threads")["threads"]) > 1
        assert client.event("process")["startMethod"] == "attach"
        client.disconnect()
        assert program.process.poll() is None


def test_a_process_is_found_by_its_name(client: DapClient, tmp_path: Path) -> None:
    copy = tmp_path / "a_name_of_its_own"
    copy.write_bytes(build("attachme").path.read_bytes())
    copy.chmod(0o755)
    both = [
        subprocess.Popen([copy, "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    try:
        for each in both:
            assert each.stdout is not None
            each.stdout.readline()
        client.initialize()
        with pytest.raises(RequestFailed) as failed:
            client.call("attach", processName=copy.name)
        assert all(f"{each.pid} ({copy})" in failed.value.message for each in both)
        both[0].kill()
        both[0].wait()
        seq = client.request("attach", {"processName": str(copy), "stopOnEntry": True})
        client.configure()
        client.response(seq)
        assert client.event("process")["systemProcessId"] == both[1].pid
        client.disconnect()
    finally:
        for each in both:
            each.kill()
            each.communicate()


def test_nobody_is_attached_to_without_being_there(client: DapClient) -> None:
    client.initialize()
    with subprocess.Popen(["true"]) as ended:
        pass
    with pytest.raises(RequestFailed, match=str(ended.pid)) as failed:
        client.call("attach", pid=ended.pid)
    assert failed.value.shown
    with pytest.raises(RequestFailed, match="no process named"):
        client.call("attach", processName="there is no such name")


def test_a_process_is_left_stopped(client: DapClient) -> None:
    with running(build("attachme"), "2") as program:
        attach(client, pid=program.pid, stopOnEntry=True)
        client.stopped()
        client.disconnect(suspendDebuggee=True)
        while state_of(program.pid) not in "Tt":
            os.sched_yield()
        os.kill(program.pid, signal.SIGCONT)


def test_stop_on_entry_is_in_main(client: DapClient) -> None:
    client.launch(build("basics").path, stopOnEntry=True)
    stop = client.stopped()
    assert stop["reason"] == "entry"
    assert client.frames(stop["threadId"], 1)[0]["name"].endswith("::main")


def test_restart_takes_the_latest_arguments(client: DapClient) -> None:
    inferior = build("panics")
    client.launch(inferior.path, args=["caught"])
    thread = client.stopped()["threadId"]
    [placed] = client.set_breakpoints(str(inferior.source), inferior.marker("caught"))
    configuration = {"program": str(inferior.path), "args": ["thread"]}
    client.call("restart", arguments=configuration)
    stop = client.stopped()
    assert "nothing there" in stop["text"]
    assert stop["threadId"] != thread
    client.call("restart", arguments=configuration | {"args": ["caught"]})
    assert "amount" in client.stopped()["text"]
    client.call("continue", threadId=client.call("threads")["threads"][0]["id"])
    assert client.stopped()["hitBreakpointIds"] == [placed["id"]]
    assert not client.pending("terminated")


def test_terminate_is_polite_the_first_time(client: DapClient) -> None:
    client.launch(build("busy").path)
    client.event("process")
    client.call("terminate")
    assert client.event("exited")["exitCode"] == 128 + signal.SIGTERM
    client.event("terminated")
    client.disconnect()


def test_a_stopped_program_is_asked_to_end(client: DapClient) -> None:
    client.stop_at(build("basics"), "norm2")
    client.call("terminate")
    assert client.event("exited")["exitCode"] == 128 + signal.SIGTERM


def test_streams_are_files(client: DapClient, tmp_path: Path) -> None:
    given, written = tmp_path / "in", tmp_path / "out"
    given.write_text("one\ntwo\n")
    client.launch("/bin/cat", stdio=[str(given), str(written), None])
    assert client.event("exited") == {"exitCode": 0}
    assert written.read_text() == "one\ntwo\n"


def test_input_has_ended_where_nothing_is_given(client: DapClient) -> None:
    client.launch("/bin/cat")
    assert client.event("exited") == {"exitCode": 0}


def test_environment_and_directory(client: DapClient, tmp_path: Path) -> None:
    file = tmp_path / "variables"
    file.write_text('# a comment\nONE=file\nexport TWO="from file"\n')
    client.launch(
        "/bin/sh",
        args=["-c", "pwd; echo $ONE $TWO ${HOME-none}"],
        cwd=str(tmp_path),
        envFile=str(file),
        env={"ONE": "1", "HOME": None},
    )
    client.event("exited")
    assert client.output("stdout") == f"{tmp_path}\n1 from file none\n"


def test_a_terminal_of_the_editor(client: DapClient) -> None:
    ours, theirs = pty.openpty()
    helpers: list[subprocess.Popen[bytes]] = []

    def open_terminal(arguments: Body) -> Body:
        helper = subprocess.Popen(
            arguments["args"], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        helpers.append(helper)
        return {"processId": helper.pid}

    client.answer["runInTerminal"] = open_terminal
    client.initialize(supportsRunInTerminalRequest=True)
    program = {"program": "/bin/sh", "args": ["-c", "read line; echo got $line"]}
    seq = client.request("launch", program | {"console": "integratedTerminal"})
    threading.Thread(target=os.write, args=(ours, b"words\n")).start()
    client.configure()
    client.response(seq)
    assert client.event("exited") == {"exitCode": 0}
    assert b"got words" in os.read(ours, 1000)
    client.disconnect()
    assert helpers[0].wait(10) == 0
    os.close(ours)
    os.close(theirs)


def test_an_editor_without_terminals_is_told(client: DapClient) -> None:
    client.launch("/bin/echo", args=["here"], console="integratedTerminal")
    client.event("exited")
    assert client.output("stdout") == "here\n"
    assert "no terminals" in client.output("console")


def test_a_terminal_that_is_refused(client: DapClient) -> None:
    client.initialize(supportsRunInTerminalRequest=True)
    seq = client.request(
        "launch", {"program": "/bin/echo", "args": ["here"], "console": "integratedTerminal"}
    )
    client.configure()
    client.response(seq)
    client.event("exited")
    assert client.output("stdout") == "here\n"
