"""Traps in a library that comes and goes."""

import pytest

from tests.guard.programs import COUNT_IN_ONE


@pytest.mark.parametrize("stays", [True, False], ids=["stays", "is-set-anew"])
def test_a_trap_in_a_library_that_is_loaded_again(guard, build, stays):
    reloader = build("reloader")
    rounds = 5
    guard.run(reloader.path, str(rounds))
    assert guard.request("QTDV:1:0:0:") == "OK"
    guard.stop_at(reloader.symbol("loaded"))
    # Randomisation is off: it comes to lie at the same place.
    places = set()
    for _ in range(rounds):
        guard.resume()
        stop = guard.wait()
        assert stop.pc == reloader.symbol("loaded")
        place = guard.read_u64(reloader.symbol("function"))
        if not stays:
            guard.remove(place)
        # The instruction refers to its own place, and is executed elsewhere.
        guard.stop_at(place, COUNT_IN_ONE)
        places.add(place)
    guard.resume()
    stop = guard.wait()
    assert (stop.kind, stop.signal) == ("W", 0)
    assert (len(places), guard.variable(1)) == (1, rounds)
