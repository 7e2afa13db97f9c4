"""The trap flag of a single step is the debugger's, and the program does not see it."""

import pytest

FALSE_TRAPS = ["wide_push", "narrow_push"]


@pytest.mark.parametrize("trapped", [[], FALSE_TRAPS], ids=["bare", "trapped"])
@pytest.mark.parametrize("how", ["step", "range"])
def test_pushed_flags_are_the_programs(guard, build, how, trapped):
    flags = build("flags")
    start, end = flags.symbol("wide_push"), flags.symbol("looked")
    guard.run(flags.path)
    guard.stop_at(start)
    guard.resume()
    stop = guard.wait()
    if not trapped:
        guard.remove(start)
    for name in trapped:
        guard.stop_at(flags.symbol(name))
    action = f"r{start:x},{end:x}" if how == "range" else "s"
    while stop.pc != end:
        guard.resume(f"{action}:p{stop.pid:x}.{stop.tid:x}")
        stop = guard.wait()
        assert start <= stop.pc <= end
    guard.resume()
    end_of_it = guard.wait()
    assert (end_of_it.kind, end_of_it.signal) == ("W", 0)
