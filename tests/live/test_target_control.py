"""Running programs: launch, breakpoints, steps, signals, ends; on every live back end."""

import os
import signal
import threading
import time

import pytest

from crabtrap.address import Address
from crabtrap.errors import LaunchError, ProcessGone
from crabtrap.target.interface import ResumeAction, SiteRequest
from tests.support.backends import (
    Backend,
    address_of,
    breakpoint_at,
    control_of,
    go,
    next_stop,
    stop_batch,
)
from tests.support.inferiors import build, running

RIP = 16


def read_all(fd: int) -> bytes:
    parts = []
    while part := os.read(fd, 65536):
        parts.append(part)
    return b"".join(parts)


def step_off(target, thread):
    """Let one thread execute the instruction under its trap, however the target does it."""
    control = control_of(target)
    control.resume([ResumeAction(thread, "step")])
    stop = control.wait(10)
    assert stop is not None
    assert (stop.kind, stop.thread) == ("step", thread)


def test_a_launched_program_stands_at_its_first_instruction_and_runs_to_its_end(backend: Backend):
    target = backend.launch("/bin/true")
    first = next_stop(target)
    assert first.pid == first.thread == target.pid
    assert [thread.tid for thread in target.threads()] == [target.pid]
    end = go(target)
    assert (end.kind, end.pid, end.code) == ("exited", target.pid, 0)
    with pytest.raises(ProcessGone):
        control_of(target).resume([ResumeAction(None)])


def test_the_exit_code_is_reported(backend: Backend):
    target = backend.started(build("exits").path, "7")
    end = go(target)
    assert (end.kind, end.code) == ("exited", 7)


def test_the_fatal_signal_is_reported_once_as_signal_and_once_as_end(backend: Backend):
    target = backend.started(build("signals").path, "segv")
    stop = go(target)
    assert (stop.kind, stop.signal) == ("signal", signal.SIGSEGV)
    siginfo = target.read_siginfo(stop.thread)
    assert int.from_bytes(siginfo[16:24], "little") == 16  # si_addr
    # The handler of Rust's runtime restores the default action and returns to the fault.
    pass_on = [ResumeAction(stop.thread, signal=signal.SIGSEGV)]
    control_of(target).resume(pass_on)
    assert next_stop(target).signal == signal.SIGSEGV
    control_of(target).resume(pass_on)
    end = next_stop(target)
    assert (end.kind, end.signal) == ("killed", signal.SIGSEGV)


def test_a_signal_that_is_not_passed_on_is_not_delivered(backend: Backend):
    reader, writer = os.pipe()
    with open(os.devnull) as null:
        target = backend.launch(build("signals").path, stdio=(null.fileno(), writer, writer))
    os.close(writer)
    next_stop(target)
    seen = []
    stop = go(target)
    while stop.kind == "signal":
        seen.append(stop.signal)
        stop = go(target)  # without it
    assert stop.kind == "exited"
    target.close()  # gdbserver shares the program's streams
    assert seen == [signal.SIGUSR1, signal.SIGUSR2, signal.SIGUSR1]
    assert b"handled 0" in read_all(reader)
    os.close(reader)


def test_passed_signals_are_delivered_without_a_stop(backend: Backend):
    reader, writer = os.pipe()
    with open(os.devnull) as null:
        target = backend.launch(build("signals").path, stdio=(null.fileno(), writer, writer))
    os.close(writer)
    next_stop(target)
    control_of(target).pass_signals([signal.SIGUSR1, signal.SIGUSR2])
    assert go(target).kind == "exited"
    target.close()  # gdbserver shares the program's streams
    assert b"handled 2" in read_all(reader)
    os.close(reader)


def test_a_breakpoint_stops_before_its_instruction(backend: Backend):
    program = build("exits").path
    target = backend.started(program, "3")
    address = address_of(target, program, "exits::ending")
    before = target.read_memory(address, 8)
    site = breakpoint_at(address)
    assert control_of(target).update_sites([], [site]) == ()
    stop = go(target)
    assert (stop.kind, stop.thread) == ("breakpoint", target.pid)
    assert target.read_registers(stop.thread)[RIP] == address
    assert stop.pc == address
    assert target.read_memory(address, 8) == before
    control_of(target).update_sites([site], [])
    end = go(target)
    assert (end.kind, end.code) == ("exited", 3)


def test_a_trap_at_an_unmapped_address_is_refused(backend: Backend):
    target = backend.started("/bin/true")
    site = breakpoint_at(0x10)
    failures = control_of(target).update_sites([], [site])
    control_of(target).resume([ResumeAction(target.pid, "step")])
    next_stop(target)
    failures += control_of(target).take_site_failures()
    assert [failure.request for failure in failures] == [site]
    assert failures[0].message


def test_removing_and_inserting_the_same_site_again_costs_nothing(backend: Backend):
    program = build("exits").path
    target = backend.started(program, "3")
    site = breakpoint_at(address_of(target, program, "exits::ending"))
    control = control_of(target)
    control.update_sites([], [site])
    control.update_sites([site], [])
    assert go(target).kind == "exited"


def test_single_steps_move_one_instruction(backend: Backend):
    target = backend.started("/bin/true")
    pcs = [target.read_registers(target.pid)[RIP]]
    for _ in range(5):
        step_off(target, target.pid)
        pcs.append(target.read_registers(target.pid)[RIP])
    assert len(set(pcs)) == 6  # ld.so begins with straight code and a call
    code = target.read_memory(Address(pcs[0]), 3)
    assert code == bytes.fromhex("4889e7")  # mov %rsp,%rdi: three bytes
    assert pcs[1] == pcs[0] + 3


def test_a_range_step_runs_until_the_range_is_left(backend: Backend):
    program = build("exits").path
    target = backend.started(program, "3")
    assert target.abilities.range_step
    address = address_of(target, program, "exits::ending")
    site = breakpoint_at(address)
    control = control_of(target)
    control.update_sites([], [site])
    stop = go(target)
    control.update_sites([site], [])
    end = Address(address + 0x2)
    control.resume([ResumeAction(stop.thread, "range-step", start=address, end=end)])
    stop = next_stop(target)
    assert stop.kind == "step"
    pc = target.read_registers(stop.thread)[RIP]
    assert pc is not None
    assert not address <= pc < end


def test_a_watchpoint_reports_its_address(backend: Backend):
    program = build("watch").path
    target = backend.started(program)
    assert target.abilities.hardware_slots == 4
    address = address_of(target, program, "watch::PLAIN")
    site = SiteRequest("write", address, 4)
    control_of(target).update_sites([], [site])
    stop = go(target)
    assert (stop.kind, stop.address) == ("watch", address)
    assert int.from_bytes(target.read_memory(address, 4), "little") == 101
    control_of(target).update_sites([site], [])
    assert go(target).kind == "exited"


def test_every_thread_hits_a_breakpoint_exactly_as_often_as_it_runs_there(backend: Backend):
    program = build("threads").path
    target = backend.started(program, "4", "5")
    control = control_of(target)
    site = breakpoint_at(address_of(target, program, "threads::hot"))
    control.update_sites([], [site])
    hits: dict[int, int] = {}
    control.resume([ResumeAction(None)])
    while (stops := stop_batch(target))[0].kind != "exited":
        arrived = [stop.thread for stop in stops if stop.kind == "breakpoint"]
        for thread in arrived:
            hits[thread] = hits.get(thread, 0) + 1
        if not target.abilities.steps_over_sites:
            control.update_sites([site], [])
            for thread in arrived:
                step_off(target, thread)
            control.update_sites([], [site])
        control.resume([ResumeAction(None)])
    assert sorted(hits.values()) == [5, 5, 5, 5]


def test_threads_are_listed_with_their_names(backend: Backend):
    program = build("threads").path
    target = backend.started(program, "3", "1")
    site = breakpoint_at(address_of(target, program, "threads::hot"))
    control_of(target).update_sites([], [site])
    go(target)
    names = {thread.name for thread in target.threads()}
    assert {"threads", "worker-0", "worker-1", "worker-2"} >= names
    assert "threads" in names
    registers = [target.read_registers(thread.tid) for thread in target.threads()]
    assert len({values[7] for values in registers}) == len(registers)  # a stack each


def test_a_condition_is_evaluated_by_the_target(backend: Backend):
    program = build("threads").path
    target = backend.started(program, "1", "20")
    assert target.abilities.conditions
    address = address_of(target, program, "threads::hot")
    # reg rsi (the second argument, `round`); const8 13; equal; end
    condition = bytes.fromhex("260004220d1327")
    control_of(target).update_sites([], [breakpoint_at(address, condition)])
    stop = go(target)
    assert stop.kind == "breakpoint"
    assert target.read_registers(stop.thread)[4] == 13
    control_of(target).update_sites([breakpoint_at(address, condition)], [])
    assert go(target).kind == "exited"


def test_counters_live_in_the_target(guard: Backend):
    target = guard.started("/bin/true")
    assert target.abilities.counters
    control = control_of(target)
    control.set_counter(3, 40)
    assert control.read_counter(3) == 40
    control.set_counter(3, -2)
    assert control.read_counter(3) == -2
    assert control.read_counter(9) == 0


def test_an_interrupt_from_another_thread_ends_a_wait(backend: Backend):
    target = backend.started("/bin/sleep", "60")
    control = control_of(target)
    control.resume([ResumeAction(None)])
    helper = threading.Timer(0.05, control.interrupt)
    helper.start()
    stop = control.wait(10)
    helper.join()
    assert stop is not None
    assert stop.kind == "interrupt"
    assert stop.thread == target.pid


def test_a_wait_ends_with_its_time(backend: Backend):
    target = backend.started("/bin/sleep", "60")
    control = control_of(target)
    control.resume([ResumeAction(None)])
    began = time.monotonic()
    assert control.wait(0.05) is None
    assert 0.04 < time.monotonic() - began < 5
    assert control.wait(0) is None


def test_waiting_serves_watched_descriptors(backend: Backend):
    reader, writer = os.pipe()
    with open(os.devnull) as null:
        target = backend.launch("/bin/echo", "hello", stdio=(null.fileno(), writer, writer))
    os.close(writer)
    next_stop(target)
    control = control_of(target)
    received: list[bytes] = []

    def ready():
        data = os.read(reader, 100)
        if data:
            received.append(data)
        else:
            control.watch_descriptor(reader, None)

    control.watch_descriptor(reader, ready)
    assert go(target).kind == "exited"
    assert b"hello\n" in b"".join(received)
    os.close(reader)


def test_sites_can_be_changed_while_the_program_runs(backend: Backend):
    inferior = build("attachme")
    with running(inferior) as process:
        target = backend.attach(process.pid)
        stop_batch(target)
        control = control_of(target)
        address = address_of(target, inferior.path, "attachme::tick")
        control.resume([ResumeAction(None)])
        assert control.wait(0) is None
        assert control.update_sites([], [breakpoint_at(address)]) == ()
        stop = next_stop(target)
        assert (stop.kind, stop.pc) == ("breakpoint", address)
        control.update_sites([breakpoint_at(address)], [])
        control.detach()
        os.kill(process.pid, signal.SIGTERM)
        assert "intact true" in process.process.communicate()[0]


def test_attach_and_detach_leave_the_program_as_it_was(backend: Backend):
    inferior = build("attachme")
    with running(inferior, "4") as process:
        for _ in range(3):
            target = backend.attach(process.pid)
            stops = stop_batch(target)
            assert {stop.pid for stop in stops} == {process.pid}
            assert len(target.threads()) == 5
            control_of(target).detach()
            target.close()
        os.kill(process.pid, signal.SIGTERM)
        assert "intact true" in process.process.communicate()[0]


def test_attaching_to_nobody_is_refused(backend: Backend):
    with pytest.raises(LaunchError) as caught:
        backend.attach(4_000_000)
    assert "4000000" in str(caught.value)


def test_launching_nothing_is_refused(backend: Backend):
    with pytest.raises(LaunchError) as caught:
        backend.launch("/nonexistent/program")
    assert "/nonexistent/program" in str(caught.value)


def test_kill_ends_the_program(backend: Backend):
    target = backend.started("/bin/sleep", "60")
    pid = target.pid
    control_of(target).kill()
    target.close()
    assert not os.path.exists(f"/proc/{pid}/exe")


def test_a_child_by_fork_is_reported_and_can_be_let_go(backend: Backend):
    program = build("forks").path
    target = backend.started(program, "fork", "1")
    stop = go(target)
    assert stop.kind == "fork"
    assert stop.child not in (0, target.pid)
    control_of(target).detach(stop.child)
    stop = go(target)
    while stop.kind == "signal":
        assert stop.signal == signal.SIGCHLD
        stop = go(target)
    assert (stop.kind, stop.code) == ("exited", 0)


def test_a_child_can_be_followed_instead_of_its_parent(backend: Backend):
    target = backend.started(build("forks").path, "fork", "1")
    parent = target.pid
    stop = go(target)
    control_of(target).detach(parent)
    assert target.pid == stop.child
    end = go(target)
    assert (end.kind, end.pid, end.code) == ("exited", stop.child, 1)


def test_an_exec_is_reported_with_its_path_and_the_new_image_is_seen(backend: Backend):
    program = build("forks").path
    target = backend.started(program, "bare-exec")
    before = target.auxv()
    stop = go(target)
    assert (stop.kind, stop.pid) == ("exec", target.pid)
    assert os.path.basename(stop.path) == "true"
    assert os.path.basename(os.readlink(target.executable())) == "true"
    assert target.auxv() != before
    pc = target.read_registers(stop.thread)[RIP]
    assert target.read_memory(Address(pc or 0), 4)
    assert go(target).kind == "exited"


def test_system_calls_are_reported_on_request(backend: Backend):
    target = backend.started("/bin/true")
    assert target.abilities.syscall_events
    control = control_of(target)
    control.catch_syscalls([231])  # exit_group
    stop = go(target)
    assert stop.syscall == 231
    if backend.name == "guard":  # gdbserver guesses entry and return by counting
        assert stop.kind == "syscall-entry"
    control.catch_syscalls(None)
    assert go(target).kind == "exited"
