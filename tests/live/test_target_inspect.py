"""Looking at stopped programs: memory, registers, mappings, files; on every live back end."""

import os
from pathlib import Path

import pytest

from crabtrap.address import Address
from crabtrap.errors import MemoryFault, NotFoundError, TargetError
from tests.support.backends import (
    Backend,
    address_of,
    breakpoint_at,
    control_of,
    go,
    next_stop,
)
from tests.support.inferiors import build

RAX, RSP, RIP = 0, 7, 16


def test_memory_is_read_exactly_or_not_at_all(backend: Backend):
    target = backend.started("/bin/true")
    stack = next(each for each in target.mappings() if each.path == "[stack]")
    size = stack.end - stack.start
    whole = target.read_memory(stack.start, size)
    assert len(whole) == size
    assert target.read_memory(Address(stack.end - 3), 3) == whole[-3:]
    assert target.read_memory(stack.start, 0) == b""
    with pytest.raises(MemoryFault) as caught:
        target.read_memory(Address(stack.end - 3), 4)
    assert (caught.value.address, caught.value.size) == (stack.end - 3, 4)
    for nowhere in (0, 0x10, 1 << 63, (1 << 64) - 8):
        with pytest.raises(MemoryFault):
            target.read_memory(Address(nowhere), 8)


def test_large_writes_arrive_whole(backend: Backend):
    target = backend.started("/bin/true")
    stack = next(each for each in target.mappings() if each.path == "[stack]")
    data = bytes(range(256)) * ((stack.end - stack.start) // 256)
    control_of(target).write_memory(stack.start, data)
    assert target.read_memory(stack.start, len(data)) == data
    with pytest.raises(MemoryFault):
        control_of(target).write_memory(Address(0x10), b"x")


def test_memory_object_reads_like_the_target(backend: Backend):
    target = backend.started("/bin/true")
    pc = target.read_registers(target.pid)[RIP] or 0
    assert target.memory.read(pc, 16) == target.read_memory(Address(pc), 16)
    with pytest.raises(MemoryFault):
        target.memory.read(0x10, 8)


def test_memory_can_be_read_while_the_program_runs_without_its_traps(backend: Backend):
    program = build("threads").path
    reader, writer = os.pipe()
    out = os.open(os.devnull, os.O_WRONLY)
    target = backend.launch(program, "1", "1", "hold", stdio=(reader, out, out))
    os.close(out)
    next_stop(target)
    address = address_of(target, program, "threads::hot")
    before = target.read_memory(address, 16)
    control = control_of(target)
    control.update_sites([], [breakpoint_at(address)])
    from crabtrap.target.interface import ResumeAction

    control.resume([ResumeAction(None)])
    assert control.wait(0.05) is None
    assert target.read_memory(address, 16) == before
    os.close(writer)
    os.close(reader)
    assert next_stop(target).kind == "breakpoint"


def test_registers_can_be_written_one_by_one(backend: Backend):
    target = backend.started("/bin/true")
    before = target.read_registers(target.pid)
    control_of(target).write_registers(target.pid, {"rax": 0x1122334455667788, "r15": -1})
    after = target.read_registers(target.pid)
    assert after[RAX] == 0x1122334455667788
    assert after[15] == (1 << 64) - 1
    assert after[1:15] == before[1:15]
    assert after[RIP] == before[RIP]


def test_vector_registers_are_there_and_can_be_written(backend: Backend):
    target = backend.started("/bin/true")
    names = dict(target.register_names())
    assert names["xmm0"] == 128
    assert names["eflags"] == 32
    assert {"fs_base", "gs_base"} <= names.keys()
    value = bytes(range(1, 17))
    control_of(target).write_registers(target.pid, {"xmm3": value})
    assert target.read_register(target.pid, "xmm3") == value
    assert len(target.read_register(target.pid, "eflags")) == 4
    with pytest.raises(NotFoundError):
        target.read_register(target.pid, "no_such_register")


def test_registers_of_no_thread_are_not_found(backend: Backend):
    target = backend.started("/bin/true")
    with pytest.raises(NotFoundError):
        target.read_registers(4_000_000)


def test_the_program_is_known_by_file_auxv_and_mappings(backend: Backend):
    target = backend.started(build("exits").path, "0")
    assert target.auxv() == Path(f"/proc/{target.pid}/auxv").read_bytes()
    assert os.path.samefile(target.executable(), build("exits").path)
    first = target.mappings()[0]
    assert first.path == str(build("exits").path)
    assert first.permissions == "r--p"
    assert (first.offset, first.end > first.start) == (0, True)
    assert target.read_file(str(build("exits").path)) == build("exits").path.read_bytes()
    with pytest.raises(TargetError):
        target.read_file("/nonexistent")


def test_libraries_appear_once_the_loader_has_run(backend: Backend):
    program = build("exits").path
    target = backend.started(program, "0")
    assert target.libraries() == ()
    control_of(target).update_sites([], [breakpoint_at(address_of(target, program, "exits::main"))])
    assert go(target).kind == "breakpoint"
    libraries = {Path(library.path).name: library for library in target.libraries()}
    libc = libraries["libc.so.6"]
    mapping = next(each for each in target.mappings() if each.path.endswith("/libc.so.6"))
    assert libc.bias == mapping.start
    assert target.read_memory(libc.dynamic, 16)


def test_arguments_environment_and_directory_reach_the_program(backend: Backend, tmp_path: Path):
    reader, writer = os.pipe()
    null = os.open(os.devnull, os.O_RDONLY)
    target = backend.launch(
        "/bin/sh",
        "-c",
        'printf "%s|" "$1" "$A" "$B" "$PWD"; echo',
        "sh",
        "a b;c*#$}",
        stdio=(null, writer, writer),
        environment={"A": "x=y", "B": "ß"},
        directory=str(tmp_path),
    )
    os.close(writer)
    os.close(null)
    next_stop(target)
    stop = go(target)
    while stop.kind != "exited":
        stop = go(target)
    target.close()  # gdbserver shares the program's streams
    received = b""
    while part := os.read(reader, 4096):
        received += part
    os.close(reader)
    assert f"a b;c*#$}}|x=y|ß|{tmp_path}|\n".encode() in received


def test_address_space_is_randomised_only_on_request(backend: Backend):
    stacks = set()
    for _ in range(2):
        target = backend.started("/bin/true")
        stacks.add(target.read_registers(target.pid)[RSP])
        target.close()
    assert len(stacks) == 1
    target = backend.launch("/bin/true", randomize=True)
    next_stop(target)
    assert target.read_registers(target.pid)[RSP] not in stacks
