"""Runs inside gdb's own Python and times there: ``gdb -x gdb_driver.py --args PROGRAM``.

``BENCH_SCENARIO`` names the function to run, ``BENCH_EVENTS`` its number of events. What
was measured and what proves it right is printed as one line of JSON after ``RESULT``.
"""

import contextlib
import importlib
import json
import os
import sys
import time

import gdb

ROUNDS = 3
WATCHED_CHANGES = 15_000
builtins_next = next  # a scenario has this name


def start(*breakpoints):
    for spec in breakpoints:
        gdb.execute(f"break {spec}", to_string=True)
    gdb.execute("run", to_string=True)


def value(name):
    return int(gdb.selected_frame().read_var(name))


def condition(events):
    start("hot::ready", "hot::hot if index == 99999999")
    before = value("round")
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        gdb.execute("continue", to_string=True)
        times.append((time.perf_counter() - begin) / events * 1e6)
    hits = gdb.breakpoints()[0].hit_count
    return times, {"rounds": value("round") - before, "stops": hits - 1}


def stop(events):
    start("hot::hot")
    times = []
    first = value("index")
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(events // ROUNDS):
            gdb.execute("continue", to_string=True)
        times.append((time.perf_counter() - begin) / (events // ROUNDS) * 1e6)
    return times, {"passed": value("index") - first}


def next(events):
    start("step::stepped")
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(events // ROUNDS):
            gdb.execute("next", to_string=True)
        times.append((time.perf_counter() - begin) / (events // ROUNDS) * 1e6)
    return times, {"function": gdb.selected_frame().name(), "turns": value("index")}


def awaits(events):
    start("awaits::ready")
    gdb.execute("finish", to_string=True)
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(events // ROUNDS):
            gdb.execute("next", to_string=True)
        times.append((time.perf_counter() - begin) / (events // ROUNDS) * 1e6)
    return times, {"turns": value("index")}


def backtrace(events):
    start("deep::bottom")
    times = []
    for _ in range(ROUNDS):
        gdb.invalidate_cached_frames()
        begin = time.perf_counter()
        text = gdb.execute("backtrace", to_string=True)
        times.append((time.perf_counter() - begin) * 1e3)
    return times, {"recursions": text.count("deep::recurse ("), "main": text.count("deep::main (")}


def rendered(expression):
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        text = gdb.execute(f"print {expression}", to_string=True)
        times.append((time.perf_counter() - begin) * 1e3)
        if times[0] > 10_000:  # of long ones, one is enough
            break
    return times, text.partition(" = ")[2].strip()


def vec_all(events):
    start("values::shown")
    gdb.execute("set print elements unlimited")
    gdb.execute("set print repeats unlimited")
    times, text = rendered("*numbers")
    items = text.partition("{")[2].strip("{}").split(", ")
    return times, {"items": len(items), "last": int(items[-1])}


def map_page(events):
    start("values::shown")
    gdb.execute("set print elements 200")  # of which a key and its value are two
    times, text = rendered("*squares")
    return times, {"entries": text.count("] = ")}


def map_all(events):
    start("values::shown")
    gdb.execute("set print elements unlimited")
    gdb.execute("set print repeats unlimited")
    times, text = rendered("*squares")
    return times, {"entries": text.count("] = ")}


def damaged(events):
    """Any answer and any error counts: what is shown of such a value is not judged."""
    start("values::shown")
    slowest, told = 0.0, 0
    for index in range(events):
        begin = time.perf_counter()
        with contextlib.suppress(gdb.error):
            gdb.execute(f"print damaged[{index}]", to_string=True)
        slowest = max(slowest, time.perf_counter() - begin)
        told += 1
    return [slowest * 1e3], {"values": told}


def chains(events):
    """The greatest item by a loop of gdb's own language, which has no iterators."""
    start("values::shown")
    script = """
set $items = (unsigned long *) numbers.buf.inner.ptr.pointer.pointer
set $at = 0
set $greatest = 0
while $at < numbers.len
if $items[$at] > $greatest
set $greatest = $items[$at]
end
set $at = $at + 1
end
"""
    gdb.execute("set language c", to_string=True)
    begin = time.perf_counter()
    gdb.execute(script, to_string=True)
    taken = (time.perf_counter() - begin) * 1e3
    return [taken], {"greatest": int(gdb.parse_and_eval("$greatest"))}


def tree_lookup(events):
    """Through the pretty printer, which lists keys and values in turn."""
    start("values::shown")
    printer = gdb.default_visualizer(gdb.selected_frame().read_var("doubles").dereference())
    begin = time.perf_counter()
    children = iter(printer.children())
    found = next_value = None
    for _, key in children:
        _, next_value = builtins_next(children)
        if int(key) == 123_456:
            found = int(next_value)
            break
    return [(time.perf_counter() - begin) * 1e3], {"double": found}


def watch(events):
    start("watched::ready")
    gdb.execute("watch watched::COUNTER if watched::COUNTER == 99999999", to_string=True)
    before = value("round")
    begin = time.perf_counter()
    for _ in range(events // WATCHED_CHANGES):
        gdb.execute("continue", to_string=True)
    taken = time.perf_counter() - begin
    return [taken], {"rounds": value("round") - before}


def main():
    with contextlib.suppress(ImportError):  # without them values are shown by their fields
        importlib.import_module("gdb_load_rust_pretty_printers")
    gdb.execute("set pagination off")
    gdb.execute("set backtrace limit unlimited")
    scenario = globals()[os.environ["BENCH_SCENARIO"]]
    times, facts = scenario(int(os.environ["BENCH_EVENTS"]))
    print("RESULT", json.dumps({"times": times, "facts": facts}))
    sys.stdout.flush()
    gdb.execute("kill", to_string=True)


main()
