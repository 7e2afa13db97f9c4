"""Traps, steps, parking and conditions in one launched program."""

import array
import os
import socket

import pytest

from tests.guard.programs import COUNT_IN_ONE, FALSE, Running
from tests.guard.rsp import GuardError

TRAP = 0xCC


def test_every_hit_is_reported_once_and_memory_is_clean(guard, build):
    counter = build("counter")
    guard.run(counter.path, "3", "20")
    work = counter.symbol("work")
    original = guard.read(work, 8)
    guard.stop_at(work)
    hits = 0
    guard.resume()
    while (stop := guard.wait()).kind == "T":
        assert stop.pc == work
        assert "swbreak" in stop.fields
        assert guard.read(work, 8) == original
        hits += 1
        guard.resume()
    assert (stop.kind, stop.signal, hits) == ("W", 0, 60)


def test_stopped_threads_are_held_and_readable(guard, build):
    counter = build("counter")
    guard.run(counter.path, "4", "1000")
    guard.stop_at(counter.symbol("work"))
    guard.resume()
    guard.wait()
    for pid, tid in guard.threads():
        guard.select(pid, tid)
        assert guard.register(16) != 0


@pytest.mark.timeout(60)
def test_no_hit_is_lost_with_64_threads(guard, build):
    counter = build("counter")
    guard.run(counter.path, "64", "1000")
    assert guard.request("QTDV:1:0:0:") == "OK"
    guard.stop_at(counter.symbol("work"), COUNT_IN_ONE)
    guard.resume()
    stop = guard.wait(60)
    assert (stop.kind, stop.signal) == ("W", 0)
    assert guard.variable(1) == 64_000


def test_all_conditions_count_even_after_a_true_one(guard, build):
    counter = build("counter")
    guard.run(counter.path, "1", "5")
    assert guard.request("QTDV:1:0:0:") == "OK"
    true = bytes([0x22, 1, 0x27])
    guard.stop_at(counter.symbol("work"), true, COUNT_IN_ONE)
    for _ in range(5):
        guard.resume()
        assert guard.wait().kind == "T"
    guard.resume()
    assert guard.wait().kind == "W"
    assert guard.variable(1) == 5


def test_a_condition_on_an_argument_stops_at_the_right_call(guard, build):
    counter = build("counter")
    guard.run(counter.path, "1", "50")
    # reg rdi; const8 33; equal; end
    guard.stop_at(counter.symbol("work"), bytes([0x26, 0, 5, 0x22, 33, 0x13, 0x27]))
    guard.resume()
    stop = guard.wait()
    assert stop.register(5) == 33
    guard.resume()
    assert guard.wait().kind == "W"


def test_a_failing_condition_stops_and_says_why(guard, build):
    counter = build("counter")
    guard.run(counter.path, "1", "5")
    # const8 8; ref64; end: address 8 is not mapped
    guard.stop_at(counter.symbol("work"), bytes([0x22, 8, 0x1A, 0x27]))
    guard.resume()
    stop = guard.wait()
    text = bytes.fromhex(stop.fields["crabtrap.condition-error"]).decode()
    assert "0x8" in text


def test_stepping_over_a_reported_stop_and_onto_a_trap(guard, build):
    counter = build("counter")
    guard.run(counter.path, "1", "3")
    work = counter.symbol("work")
    guard.stop_at(work)
    guard.resume()
    stop = guard.wait()
    after = guard.step(stop)
    assert after.pc > work
    assert "swbreak" not in after.fields
    # A step that ends at a trap is a step; the trap is not told again on the way on.
    guard.stop_at(after.pc)
    next_one = guard.step(after)
    assert next_one.pc != after.pc
    guard.remove(after.pc)
    guard.resume()
    assert guard.wait().pc == work


def test_the_first_step_of_a_program_executes_an_instruction(guard, build):
    stop = guard.run(build("counter").path, "1", "3")
    assert guard.step(stop).pc != stop.pc


def test_a_range_step_ends_outside_the_range(guard, build):
    counter = build("counter")
    guard.run(counter.path, "1", "3")
    work = counter.symbol("work")
    guard.stop_at(work)
    guard.resume()
    stop = guard.wait()
    guard.resume(f"r{work:x},{work + 10:x}:p{stop.pid:x}.{stop.tid:x}")
    after = guard.wait()
    assert not work <= after.pc < work + 10 or after.pc == work + 9


def test_a_program_written_under_a_trap_is_seen_and_the_trap_stays(guard, build):
    counter = build("counter")
    guard.run(counter.path, "1", "3")
    work = counter.symbol("work")
    original = guard.read(work, 2)
    guard.stop_at(work)
    guard.write(work, original)
    assert guard.read(work, 2) == original
    guard.resume()
    assert guard.wait().pc == work


def test_an_interrupt_stops_the_process_with_one_word(guard, build):
    looper = build("looper")
    # It has input until the end: launched with none, it may end before the interrupt.
    with Running(looper.path, "3") as program:
        guard.attach(program.pid)
        guard.stop_at(looper.symbol("trapped"), FALSE)
        guard.resume()
        guard.resume("t")
        stop = guard.wait()
        assert (stop.kind, stop.signal) == ("T", 0)
        assert not guard.stops
        assert guard.request(f"vKill;{stop.pid:x}") == "OK"


def test_a_trap_the_program_holds_itself_is_reported_as_such(guard, build):
    counter = build("counter")
    guard.run(counter.path, "1")
    trapped = counter.symbol("work")
    original = guard.read(trapped, 1)
    guard.write(trapped, bytes([TRAP]))
    guard.resume()
    stop = guard.wait()
    assert (stop.signal, stop.pc) == (5, trapped + 1)
    assert "swbreak" not in stop.fields
    guard.write(trapped, original)


def test_what_cannot_be_done_is_said(guard, build):
    with pytest.raises(GuardError, match="No such file"):
        guard.run("/nonexistent/program")
    with pytest.raises(GuardError, match="no program"):
        guard.request("vCont;c")
    with pytest.raises(GuardError, match="no process"):
        guard.request("vAttach;3ffffff0")
    guard.run(build("counter").path)
    with pytest.raises(GuardError, match="mapped"):
        guard.request("Z0,8,1")
    with pytest.raises(GuardError, match="aligned"):
        guard.request(f"Z2,{build('counter').symbol('total') + 1:x},8")


def test_the_program_gets_the_streams_and_settings_it_was_given(guard, build, tmp_path):
    path = tmp_path / "out"
    with path.open("w") as output, open(os.devnull) as null:
        fds = array.array("i", [null.fileno(), output.fileno(), output.fileno()])
        payload = b"$Qcrabtrap.Stdio:#%02x" % (sum(b"Qcrabtrap.Stdio:") & 0xFF)
        guard.socket.sendmsg([payload], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds.tobytes())])
        assert guard.answer() == "OK"
    assert guard.request("QSetWorkingDir:" + str(tmp_path).encode().hex()) == "OK"
    assert guard.request("QEnvironmentHexEncoded:" + b"GREETING=hello".hex()) == "OK"
    guard.run("/bin/sh", "-c", "echo $GREETING; pwd; grep -c . /proc/self/fd/0; ls /proc/self/fd")
    while guard.wait_for_end() is None:
        pass
    lines = path.read_text().split()
    assert lines[:2] == ["hello", str(tmp_path)]
    # Nothing of the guard's is inherited: the three, and the directory ls itself opens.
    assert lines[3:] == ["0", "1", "2", "3"]
