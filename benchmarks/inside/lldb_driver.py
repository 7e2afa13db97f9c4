"""Times lldb through its Python module, in the process that does the debugging.

``lldb_driver.py PROGRAM``, run by the Python that lldb was built for. Scenarios,
environment and output as in ``gdb_driver.py``.
"""

import json
import os
import sys
import time

import lldb

ROUNDS = 3
WATCHED_CHANGES = 15_000


class Session:
    """One launched program, driven synchronously."""

    def __init__(self, program):
        self.debugger = lldb.SBDebugger.Create()
        self.debugger.SetAsync(False)
        self.target = self.debugger.CreateTarget(program)
        self.process = None

    def break_at(self, name, condition=None):
        breakpoint_ = self.target.BreakpointCreateByName(name)
        assert breakpoint_.GetNumLocations() == 1, name
        if condition:
            breakpoint_.SetCondition(condition)
        return breakpoint_

    def launch(self):
        error = lldb.SBError()
        information = lldb.SBLaunchInfo([])
        self.process = self.target.Launch(information, error)
        assert error.Success(), error

    @property
    def frame(self):
        return self.process.GetSelectedThread().GetFrameAtIndex(0)

    def value(self, name):
        return self.frame.FindVariable(name).GetValueAsUnsigned()


def condition(session, events):
    ready = session.break_at("hot::ready")
    session.break_at("hot::hot", "index == 99999999")
    session.launch()
    before = session.value("round")
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        session.process.Continue()
        times.append((time.perf_counter() - begin) / events * 1e6)
    return times, {"rounds": session.value("round") - before, "stops": ready.GetHitCount() - 1}


def stop(session, events):
    session.break_at("hot::hot")
    session.launch()
    first = session.value("index")
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(events // ROUNDS):
            session.process.Continue()
        times.append((time.perf_counter() - begin) / (events // ROUNDS) * 1e6)
    return times, {"passed": session.value("index") - first}


def next(session, events):
    session.break_at("step::stepped")
    session.launch()
    thread = session.process.GetSelectedThread()
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(events // ROUNDS):
            thread.StepOver()
        times.append((time.perf_counter() - begin) / (events // ROUNDS) * 1e6)
    function = session.frame.GetFunctionName().rsplit("::h", 1)[0]
    return times, {"function": function, "turns": session.value("index")}


def awaits(session, events):
    session.break_at("awaits::ready")
    session.launch()
    thread = session.process.GetSelectedThread()
    thread.StepOut()
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(events // ROUNDS):
            thread.StepOver()
        times.append((time.perf_counter() - begin) / (events // ROUNDS) * 1e6)
    return times, {"turns": session.value("index")}


def backtrace(session, events):
    session.break_at("deep::bottom")
    session.launch()
    thread = session.process.GetSelectedThread()
    begin = time.perf_counter()
    names = [frame.GetFunctionName() or "" for frame in thread]
    taken = (time.perf_counter() - begin) * 1e3
    return [taken], {
        "recursions": sum(name.startswith("deep::recurse") for name in names),
        "main": sum(name.startswith("deep::main") for name in names),
    }


def count(value, limit):
    """Reach every child, with a summary or number of each; how many there were."""
    found = 0
    for index in range(min(value.GetNumChildren(limit), limit)):
        child = value.GetChildAtIndex(index)
        child.GetSummary() or child.GetValueAsUnsigned()
        found += 1
    return found


def counted(session, name, limit):
    session.break_at("values::shown")
    session.launch()
    times = []
    found = last = 0
    value = session.frame.FindVariable(name).Dereference()
    begin = time.perf_counter()
    found = count(value, limit)
    times.append((time.perf_counter() - begin) * 1e3)
    if found:
        last = value.GetChildAtIndex(found - 1).GetValueAsUnsigned()
    return times, found, last


def vec_all(session, events):
    times, found, last = counted(session, "numbers", 1 << 30)
    return times, {"items": found, "last": last}


def map_page(session, events):
    times, found, _ = counted(session, "squares", 100)
    return times, {"entries": found}


def map_all(session, events):
    times, found, _ = counted(session, "squares", 1 << 30)
    return times, {"entries": found}


def damaged(session, events):
    """Any answer counts: what is shown of such a value is not judged."""
    session.break_at("values::shown")
    session.launch()
    values = session.frame.FindVariable("damaged").Dereference()
    slowest = 0.0
    for index in range(events):
        begin = time.perf_counter()
        str(values.GetChildAtIndex(index))
        slowest = max(slowest, time.perf_counter() - begin)
    return [slowest * 1e3], {"values": events}


def chains(session, events):
    """The greatest item, each asked for its number: lldb has no iterators."""
    session.break_at("values::shown")
    session.launch()
    items = session.frame.FindVariable("numbers").Dereference()
    begin = time.perf_counter()
    numbers = (
        items.GetChildAtIndex(at).GetValueAsUnsigned() for at in range(items.GetNumChildren())
    )
    greatest = max(numbers, default=0)
    return [(time.perf_counter() - begin) * 1e3], {"greatest": greatest}


def watch(session, events):
    session.break_at("watched::ready")
    session.launch()
    counter = session.target.FindFirstGlobalVariable("watched::COUNTER")
    watchpoint = counter.Watch(True, False, True)
    watchpoint.SetCondition("watched::COUNTER == 99999999")
    before = session.value("round")
    begin = time.perf_counter()
    for _ in range(events // WATCHED_CHANGES):
        session.process.Continue()
    return [time.perf_counter() - begin], {"rounds": session.value("round") - before}


def load_printers(debugger):
    """What rust-lldb does at its start."""
    directory = os.environ.get("BENCH_PRINTERS")
    if directory:
        debugger.HandleCommand(f"command script import {directory}/lldb_lookup.py")
        debugger.HandleCommand(f"command source -s 0 {directory}/lldb_commands")


def main():
    session = Session(sys.argv[1])
    load_printers(session.debugger)
    scenario = globals()[os.environ["BENCH_SCENARIO"]]
    times, facts = scenario(session, int(os.environ["BENCH_EVENTS"]))
    print("RESULT", json.dumps({"times": times, "facts": facts}))
    session.process.Kill()


main()
