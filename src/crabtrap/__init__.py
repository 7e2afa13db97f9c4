"""crabtrap: a debugger for Rust programs on Linux x86-64.

``Session`` controls one program, from before its launch until after its end; front ends use
nothing but what is exported here::

    with crabtrap.Session("target/debug/demo") as session:
        session.breakpoints.add("main.rs:10")
        session.launch()
        print(session.continue_())

See ``docs/python.md``.  Names are imported when they are first used.
"""

# For ``python -m crabtrap`` this runs while the current directory is still searched first
# (see ``__main__.py``): nothing may be imported here that Python has not loaded at its start.
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crabtrap import address, errors, events
    from crabtrap._core import Instruction
    from crabtrap.address import Address
    from crabtrap.engine.breakpoints.stoppoints import (
        PANIC_STOP,
        AnyStoppoint,
        Breakpoint,
        CatchKind,
        Catchpoint,
        PanicStop,
        WatchKind,
        Watchpoint,
    )
    from crabtrap.engine.causes.signal_table import SignalAction, SignalTable
    from crabtrap.engine.debuggee import Options
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.stack_frame import Binding, CallStack, StackFrame
    from crabtrap.engine.inspect.statics import Declaration
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.engine.inspect.user_code import UserCode
    from crabtrap.engine.machine import Detached, Ended, NotStarted, Running, State, Stopped
    from crabtrap.present.children import Children
    from crabtrap.present.output.literals import FORMAT_LETTERS, FormatLetter, format_integer
    from crabtrap.present.output.text_tree import RenderOptions
    from crabtrap.present.rules.rule import Rule
    from crabtrap.session import Client, Session, attach, connect, launch
    from crabtrap.session.breakpoints import Breakpoints
    from crabtrap.session.code import Code
    from crabtrap.session.held_programs import SavedSession, find_held
    from crabtrap.session.memory import ProgramMemory
    from crabtrap.session.presentation import Presentation
    from crabtrap.session.registers import Registers
    from crabtrap.session.sources import Sources
    from crabtrap.symbols.breakpoint_locations import BreakpointLocation, Resolution
    from crabtrap.symbols.code_rows import Function, Symbol
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.names import fit_path
    from crabtrap.symbols.source_files import SourceFile
    from crabtrap.symbols.type_names import short_type_name
    from crabtrap.symbols.types import Case, Field, Type
    from crabtrap.target.repair import Repair, repair
    from crabtrap.target.stdio import Stdio
    from crabtrap.tasks.futures import Await, HeldVariable
    from crabtrap.tasks.layouts import TaskState
    from crabtrap.tasks.runtimes import Runtime
    from crabtrap.tasks.task import Task
    from crabtrap.tasks.task_frames import TaskFrame
    from crabtrap.tasks.thread_work import ThreadWork
    from crabtrap.tasks.waits.diagnosis import Diagnosis, Link
    from crabtrap.tasks.waits.stuck import Stuck
    from crabtrap.tasks.waits.wait import (
        Descriptor,
        Hold,
        QueuePlace,
        Resource,
        Timer,
        Wait,
        waits_of_user_code,
    )
    from crabtrap.tasks.waits.wait_rules import BlockRule, HoldRule, WaitRule
    from crabtrap.values.value import Value

__version__ = "0.1.0"

__all__ = [
    "FORMAT_LETTERS",
    "PANIC_STOP",
    "Address",
    "AnyStoppoint",
    "Await",
    "Binding",
    "BlockRule",
    "Breakpoint",
    "BreakpointLocation",
    "Breakpoints",
    "CallStack",
    "Case",
    "CatchKind",
    "Catchpoint",
    "Children",
    "Client",
    "Code",
    "Declaration",
    "Descriptor",
    "Detached",
    "Diagnosis",
    "Ended",
    "Field",
    "FormatLetter",
    "Frame",
    "Function",
    "HeldVariable",
    "Hold",
    "HoldRule",
    "Instruction",
    "Link",
    "Module",
    "NotStarted",
    "Options",
    "PanicStop",
    "Presentation",
    "Process",
    "ProgramMemory",
    "QueuePlace",
    "Registers",
    "RenderOptions",
    "Repair",
    "Resolution",
    "Resource",
    "Rule",
    "Running",
    "Runtime",
    "SavedSession",
    "Session",
    "SignalAction",
    "SignalTable",
    "SourceFile",
    "Sources",
    "StackFrame",
    "State",
    "Stdio",
    "Stopped",
    "Stuck",
    "Symbol",
    "Task",
    "TaskFrame",
    "TaskState",
    "Thread",
    "ThreadWork",
    "Timer",
    "Type",
    "UserCode",
    "Value",
    "Wait",
    "WaitRule",
    "WatchKind",
    "Watchpoint",
    "__version__",
    "address",
    "attach",
    "connect",
    "errors",
    "events",
    "find_held",
    "fit_path",
    "format_integer",
    "launch",
    "repair",
    "short_type_name",
    "waits_of_user_code",
]

_HOMES = {
    "_core": ("Instruction",),
    "address": ("Address",),
    "engine.breakpoints.stoppoints": (
        "PANIC_STOP",
        "AnyStoppoint",
        "Breakpoint",
        "CatchKind",
        "Catchpoint",
        "PanicStop",
        "WatchKind",
        "Watchpoint",
    ),
    "engine.causes.signal_table": ("SignalAction", "SignalTable"),
    "engine.debuggee": ("Options",),
    "engine.inspect.frame": ("Frame",),
    "engine.inspect.process": ("Process",),
    "engine.inspect.stack_frame": ("Binding", "CallStack", "StackFrame"),
    "engine.inspect.statics": ("Declaration",),
    "engine.inspect.thread": ("Thread",),
    "engine.inspect.user_code": ("UserCode",),
    "engine.machine": ("Detached", "Ended", "NotStarted", "Running", "State", "Stopped"),
    "present.children": ("Children",),
    "present.output.literals": ("FORMAT_LETTERS", "FormatLetter", "format_integer"),
    "present.output.text_tree": ("RenderOptions",),
    "present.rules.rule": ("Rule",),
    "session": ("Client", "Session", "attach", "connect", "launch"),
    "session.breakpoints": ("Breakpoints",),
    "session.code": ("Code",),
    "session.held_programs": ("SavedSession", "find_held"),
    "session.memory": ("ProgramMemory",),
    "session.presentation": ("Presentation",),
    "session.registers": ("Registers",),
    "session.sources": ("Sources",),
    "symbols.breakpoint_locations": ("BreakpointLocation", "Resolution"),
    "symbols.code_rows": ("Function", "Symbol"),
    "symbols.module": ("Module",),
    "symbols.names": ("fit_path",),
    "symbols.source_files": ("SourceFile",),
    "symbols.type_names": ("short_type_name",),
    "symbols.types": ("Case", "Field", "Type"),
    "target.repair": ("Repair", "repair"),
    "target.stdio": ("Stdio",),
    "tasks.futures": ("Await", "HeldVariable"),
    "tasks.task_frames": ("TaskFrame",),
    "tasks.task": ("Task",),
    "tasks.runtimes": ("Runtime",),
    "tasks.layouts": ("TaskState",),
    "tasks.thread_work": ("ThreadWork",),
    "tasks.waits.wait_rules": ("BlockRule", "HoldRule", "WaitRule"),
    "tasks.waits.diagnosis": ("Diagnosis", "Link"),
    "tasks.waits.stuck": ("Stuck",),
    "tasks.waits.wait": (
        "Descriptor",
        "Hold",
        "QueuePlace",
        "Resource",
        "Timer",
        "Wait",
        "waits_of_user_code",
    ),
    "values.value": ("Value",),
}
"""Modules below this one, and the names that are exported from them."""

_SUBMODULES = ("address", "errors", "events")
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import an exported name when it is first used, as ``PEP 562`` has it."""
    home = _HOME_OF.get(name)
    if home is not None:
        found: object = getattr(import_module(f"{__name__}.{home}"), name)
    elif name in _SUBMODULES:
        found = import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
