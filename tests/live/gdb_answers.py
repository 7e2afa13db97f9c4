"""Run inside gdb: answers the questions of one test, as data instead of text.

``gdb -nx -batch -x gdb_answers.py PROGRAM`` with two environment variables:
``CRABTRAP_QUESTIONS`` names a JSON file with a list of ``[verb, argument]``,
``CRABTRAP_ANSWERS`` the JSON file to write, a list with one answer for each.
"""

import json
import os

import gdb

SETTINGS = (
    "set debuginfod enabled off",
    "set width 0",
    "set height 0",
    "set confirm off",
    "set language rust",
    "set print elements 0",
    "set backtrace past-main on",
    "set backtrace past-entry on",
    "set startup-with-shell off",
    "unset environment",
    "set print finish off",  # gdb 13 fails on some return values
)


def position():
    frame = gdb.selected_frame()
    sal = frame.find_sal()
    file = sal.symtab.fullname() if sal.symtab is not None else None
    inlined = frame.type() == gdb.INLINE_FRAME
    return [frame.name(), file, sal.line, inlined]


def frames(_argument):
    found = []
    frame = gdb.newest_frame()
    while frame is not None:
        frame.select()
        found.append(position())
        frame = frame.older()
    gdb.newest_frame().select()
    return found


def move(command):
    gdb.execute(command, to_string=True)
    if not gdb.selected_inferior().threads():
        return None
    return position()


def walk(argument):
    """Positions of up to ``count`` moves, ended early by a line or by the program's end."""
    command, count, last_line = argument
    found = []
    for _ in range(count):
        here = move(command)
        if here is None:
            break
        found.append(here)
        if here[2] == last_line:
            break
    return found


def registers(names):
    frame = gdb.newest_frame()
    mask = (1 << 64) - 1
    return {name: int(frame.read_register(name).cast(LONG)) & mask for name in names}


def value(expression):
    try:
        return gdb.parse_and_eval(expression).format_string(symbols=False)
    except gdb.error as error:
        return f"error: {error}"


def values(expressions):
    return {each: value(each) for each in expressions}


def hits(locations):
    """How often each place is stopped at in a whole run."""
    counted = {}
    for location in locations:
        counted[location] = gdb.Breakpoint(location)
        counted[location].ignore_count = 1_000_000
    gdb.execute("run > /dev/null", to_string=True)
    return {location: one.hit_count for location, one in counted.items()}


for setting in SETTINGS:
    gdb.execute(setting)
LONG = gdb.selected_inferior().architecture().integer_type(64)
VERBS = {
    "frames": frames,
    "move": move,
    "walk": walk,
    "registers": registers,
    "values": values,
    "hits": hits,
}
with open(os.environ["CRABTRAP_QUESTIONS"]) as file:
    questions = json.load(file)
answers = [VERBS[verb](argument) for verb, argument in questions]
with open(os.environ["CRABTRAP_ANSWERS"], "w") as file:
    json.dump(answers, file)
