"""Times crabtrap through its Python interface: ``crabtrap_driver.py PROGRAM``.

Scenarios, environment and output as in ``gdb_driver.py``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

from crabtrap import Session, Stdio
from crabtrap.present import RenderOptions

ROUNDS = 3
WATCHED_CHANGES = 15_000

Result = tuple[list[float], dict[str, int | str]]


def value(session: Session, name: str) -> int:
    """Return the number in a variable of the selected frame."""
    return int(session.frame.lookup(name).scalar())


def timed(events: int, act: Callable[[], object]) -> list[float]:
    """Return microseconds per event of ``ROUNDS`` rounds, ``act`` being one event."""
    times: list[float] = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(events // ROUNDS):
            act()
        times.append((time.perf_counter() - begin) / (events // ROUNDS) * 1e6)
    return times


def condition(session: Session, events: int) -> Result:
    """False conditions: one round of the program has ``events`` of them."""
    ready = session.breakpoints.add("hot::ready")
    session.breakpoints.add("hot::hot", condition="index == 99999999")
    session.launch()
    session.continue_()
    before = value(session, "round")
    times: list[float] = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        session.continue_()
        times.append((time.perf_counter() - begin) / events * 1e6)
    return times, {"rounds": value(session, "round") - before, "stops": ready.hits - 1}


def stop(session: Session, events: int) -> Result:
    """Stops at a breakpoint, each followed by a continue."""
    session.breakpoints.add("hot::hot")
    session.launch()
    session.continue_()
    first = value(session, "index")
    times = timed(events, session.continue_)
    return times, {"passed": value(session, "index") - first}


def next(session: Session, events: int) -> Result:
    """Steps over lines."""
    session.breakpoints.add("step::stepped")
    session.launch()
    session.continue_()
    times = timed(events, session.next)
    return times, {"function": session.frame.function or "", "turns": value(session, "index")}


def awaits(session: Session, events: int) -> Result:
    """Steps over lines of an async function, a third of which await what is ready."""
    session.breakpoints.add("awaits::ready")
    session.launch()
    session.continue_()
    session.finish()
    times = timed(events, session.next)
    return times, {"turns": value(session, "index")}


def tasks(session: Session, events: int) -> Result:
    """All tasks, and which of them wait at the same place, by a session that knows nothing yet."""
    del events
    session.breakpoints.add("many_tasks::look")
    session.launch(("100000",), stdio=Stdio.pipes())
    session.continue_()
    begin = time.perf_counter()
    found = [task for task in session.tasks if task.root == "many_tasks::top"]
    groups = session.group_tasks(found)
    taken = time.perf_counter() - begin
    largest = len(groups[0].tasks)
    return [taken], {"tasks": len(found), "groups": len(groups), "largest": largest}


def backtrace(session: Session, events: int) -> Result:
    """The whole stack, names, places and arguments' values read."""
    session.breakpoints.add("deep::bottom")
    session.launch()
    session.continue_()
    begin = time.perf_counter()
    names = [f"{frame.function} {frame.path}:{frame.line}" for frame in session.thread.frames()]
    taken = (time.perf_counter() - begin) * 1e3
    return [taken], {
        "recursions": sum(name.startswith("deep::recurse ") for name in names),
        "main": sum(name.startswith("deep::main ") for name in names),
    }


def stopped_at_values(session: Session) -> None:
    """Go to the function whose arguments are shown; bring the first look at a value behind."""
    session.breakpoints.add("values::shown")
    session.launch()
    session.continue_()
    session.values.render(session.evaluate("numbers[..2]"))


def rendered(session: Session, text: str, options: RenderOptions) -> tuple[list[float], str]:
    """Show a value in each of ``ROUNDS`` rounds; milliseconds, and the text."""
    times: list[float] = []
    shown = ""
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        shown = session.values.render(session.evaluate(text), options)
        times.append((time.perf_counter() - begin) * 1e3)
    return times, shown


def vec_all(session: Session, events: int) -> Result:
    """Every item of a vector."""
    stopped_at_values(session)
    times, text = rendered(session, "*numbers", RenderOptions(max_items=None))
    items = text.strip("[]").split(", ")
    return times, {"items": len(items), "last": int(items[-1])}


def map_page(session: Session, events: int) -> Result:
    """The first entries of a map."""
    stopped_at_values(session)
    times, text = rendered(session, "*squares", RenderOptions())
    return times, {"entries": text.count(": ")}


def map_all(session: Session, events: int) -> Result:
    """Every entry of a map."""
    stopped_at_values(session)
    times, text = rendered(session, "*squares", RenderOptions(max_items=None))
    return times, {"entries": text.count(": ")}


def damaged(session: Session, events: int) -> Result:
    """Values that cannot be: the slowest of them, in milliseconds."""
    stopped_at_values(session)
    slowest, told = 0.0, 0
    for index in range(events):
        begin = time.perf_counter()
        text = session.values.render(session.evaluate(f"damaged[{index}]"))
        slowest = max(slowest, time.perf_counter() - begin)
        told += text.count("<") >= 5  # each of its fields says why it is none
    return [slowest * 1e3], {"values": told}


CHAINS = {
    "numbers.iter().max().unwrap()": 999_999,
    "numbers.iter().position(|x| *x == 999_998).unwrap()": 999_998,
    "numbers.iter().filter(|x| **x % 3 == 0).count()": 333_334,
    "numbers.contains(&999_999) as u8": 1,
    "numbers.windows(2).filter(|w| w[0] < w[1]).count()": 999_999,
    "numbers.iter().rev().take(3).min().unwrap()": 999_997,
    "numbers.iter().map(|x| x * 2).sum::<u64>()": 999_999_000_000,
    "numbers.iter().min_by_key(|x| x.abs_diff(777)).unwrap()": 777,
}


def chains(session: Session, events: int) -> Result:
    """Chains of iterator methods: in each round the slowest, in milliseconds."""
    stopped_at_values(session)
    times: list[float] = []
    found: dict[str, int] = {}
    for _ in range(ROUNDS):
        slowest = 0.0
        for text in CHAINS:
            begin = time.perf_counter()
            found[text] = int(session.evaluate(text).scalar())
            slowest = max(slowest, time.perf_counter() - begin)
        times.append(slowest * 1e3)
    assert found == CHAINS, found
    return times, {"greatest": found["numbers.iter().max().unwrap()"]}


def tree_lookup(session: Session, events: int) -> Result:
    """Values of three keys of a tree."""
    stopped_at_values(session)
    times: list[float] = []
    found = 0
    for key in (3, 199_999, 123_456):
        begin = time.perf_counter()
        found = int(session.evaluate(f"doubles[&{key}]").scalar())
        times.append((time.perf_counter() - begin) * 1e3)
    return times, {"double": found}


def watch(session: Session, events: int) -> Result:
    """False conditions of a watchpoint, so many in each round of the program."""
    session.breakpoints.add("watched::ready")
    session.launch()
    session.continue_()
    session.breakpoints.watch("COUNTER", condition="COUNTER == 99999999")
    before = value(session, "round")
    begin = time.perf_counter()
    for _ in range(events // WATCHED_CHANGES):
        session.continue_()
    taken = time.perf_counter() - begin
    return [taken], {"rounds": value(session, "round") - before}


SCENARIOS = {
    "condition": condition,
    "stop": stop,
    "next": next,
    "awaits": awaits,
    "tasks": tasks,
    "backtrace": backtrace,
    "vec_all": vec_all,
    "map_page": map_page,
    "map_all": map_all,
    "damaged": damaged,
    "chains": chains,
    "tree_lookup": tree_lookup,
    "watch": watch,
}


def main() -> None:
    """Run the scenario that the environment names."""
    session = Session(sys.argv[1])
    try:
        scenario = SCENARIOS[os.environ["BENCH_SCENARIO"]]
        times, facts = scenario(session, int(os.environ["BENCH_EVENTS"]))
        print("RESULT", json.dumps({"times": times, "facts": facts}))
    finally:
        session.kill()
        session.close()


if __name__ == "__main__":
    main()
