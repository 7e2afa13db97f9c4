"""A filter of system calls under which nobody can write into another process.

The kernel kills whoever tries (``seccomp(2)``), so that a debugger that comes to its end under
it has written nothing, whatever it would say of itself.
"""

from __future__ import annotations

import ctypes
import struct
import sys

# asm/unistd_64.h; sys/ptrace.h, linux/ptrace.h.
_PTRACE = 101
_WRITES = {"pwrite64": 18, "pwritev": 296, "process_vm_writev": 311, "pwritev2": 328}
_REQUESTS = {
    "POKETEXT": 4,
    "POKEDATA": 5,
    "POKEUSER": 6,
    "SETREGS": 13,
    "SETFPREGS": 15,
    "SETSIGINFO": 0x4203,
    "SETREGSET": 0x4205,
    "SETSIGMASK": 0x420B,
}

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2
# linux/bpf_common.h: load a word at an offset, jump if equal, return.
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_KILL_PROCESS, _ALLOW = 0x80000000, 0x7FFF0000
# struct seccomp_data: the call's number, and the low word of its first argument.
_NUMBER_AT, _REQUEST_AT = 0, 16

Instruction = tuple[int, int, int, int]


def forbid_writes() -> None:
    """Have the kernel kill this process, and those it starts, at such a write.

    Ordinary files are written by ``write``, which stays: what is at issue is written at an
    address.

    Raises:
        OSError: The kernel takes no filter.
    """
    program = _filter()
    code = b"".join(struct.pack("HBBI", *each) for each in program)
    kept = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog: a count and a pointer.
    described = struct.pack("HP", len(program), ctypes.addressof(kept))
    library = ctypes.CDLL(None, use_errno=True)
    for arguments in ((_PR_SET_NO_NEW_PRIVS, 1, 0), (_PR_SET_SECCOMP, _MODE_FILTER, described)):
        if library.prctl(*arguments, 0, 0):
            raise OSError(ctypes.get_errno(), "the kernel takes no filter of system calls")


def _filter() -> list[Instruction]:
    calls, requests = list(_WRITES.values()), list(_REQUESTS.values())
    after_calls = len(requests) + 2
    program: list[Instruction] = [(_LOAD, 0, 0, _NUMBER_AT)]
    for index, number in enumerate(calls):
        program.append((_JUMP_IF_EQUAL, len(calls) - index + after_calls, 0, number))
    # Other calls than ptrace go on behind its requests.
    program += [(_JUMP_IF_EQUAL, 0, len(requests) + 1, _PTRACE), (_LOAD, 0, 0, _REQUEST_AT)]
    for index, number in enumerate(requests):
        program.append((_JUMP_IF_EQUAL, len(requests) - index, 0, number))
    return [*program, (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _KILL_PROCESS)]


if __name__ == "__main__":
    # ``python -m tests.support.forbidden_writes SCRIPT ARGUMENTS``: runs a script under it.
    forbid_writes()
    sys.argv = sys.argv[1:]
    exec(sys.argv[0])
