"""Debug registers."""

import pytest

from tests.guard.programs import FALSE
from tests.guard.rsp import GuardError


def test_threads_born_later_are_watched_too(guard, build):
    writers = build("writers")
    threads = 100
    guard.run(writers.path, str(threads))
    cell = writers.symbol("cell")
    assert guard.request(f"Z2,{cell:x},8") == "OK"
    seen = []
    while guard.wait_for_write(cell):
        seen.append(guard.read_u64(cell))
    assert seen == list(range(1, threads + 1))


def test_a_watch_with_a_false_condition_is_silent(guard, build):
    writers = build("writers")
    guard.run(writers.path, "20")
    assert guard.request(f"Z2,{writers.symbol('cell'):x},8;X3,{FALSE.hex()}") == "OK"
    guard.resume()
    assert guard.wait().kind == "W"


def test_a_hardware_breakpoint_is_stepped_off(guard, build):
    counter = build("counter")
    guard.run(counter.path, "1", "5")
    work = counter.symbol("work")
    assert guard.request(f"Z1,{work:x},1") == "OK"
    for _ in range(5):
        guard.resume()
        stop = guard.wait()
        assert stop.pc == work
        assert "hwbreak" in stop.fields
    guard.resume()
    assert guard.wait().kind == "W"


@pytest.mark.parametrize("sizes", [(1, 1), (1, 4), (4, 1), (0, 3)])
def test_a_hardware_breakpoint_has_no_size(guard, build, sizes):
    counter = build("counter")
    guard.run(counter.path, "1", "5")
    work = counter.symbol("work")
    # Given twice, it takes one register, and one removal frees that.
    for _ in range(2):
        assert guard.request(f"Z1,{work:x},{sizes[0]}") == "OK"
    guard.resume()
    assert guard.wait().pc == work
    assert guard.request(f"z1,{work:x},{sizes[1]}") == "OK"
    guard.resume()
    assert guard.wait().kind == "W"


def test_there_are_four_of_them(guard, build):
    counter = build("counter")
    guard.run(counter.path, "1", "5")
    total = counter.symbol("total")
    for index in range(4):
        assert guard.request(f"Z2,{total + 8 * index:x},8") == "OK"
    with pytest.raises(GuardError, match="four"):
        guard.request(f"Z2,{total + 32:x},8")
    assert guard.request(f"z2,{total:x},8") == "OK"
    assert guard.request(f"Z2,{total + 32:x},8") == "OK"
