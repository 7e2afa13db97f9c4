"""One program from its start to its end: modules, traps and life-cycle events in step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.engine.breakpoints.resolver import LocationResolver
from crabtrap.engine.breakpoints.sites import SiteKey
from crabtrap.engine.causes.handlers import Handlers
from crabtrap.engine.controller import Controller
from crabtrap.engine.debuggee import Debuggee
from crabtrap.engine.inspect.inspector import Inspector
from crabtrap.engine.inspect.user_code import registry_package
from crabtrap.engine.machine import Stopped
from crabtrap.engine.plans.run_to import RunTo
from crabtrap.errors import LaunchError
from crabtrap.events import LibrariesChanged, Started, StepDone, StopEvent
from crabtrap.log import Log
from crabtrap.records import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.engine.breakpoints.stoppoints import BreakpointTable
    from crabtrap.engine.causes.signal_table import SignalTable
    from crabtrap.engine.debuggee import Options
    from crabtrap.engine.language import Language
    from crabtrap.engine.modules.module_loader import ModuleLoader
    from crabtrap.events import Event
    from crabtrap.symbols.module_table import ModuleChanges, ModuleTable
    from crabtrap.target.interface import Target, TargetStop

_log = Log("crabtrap.engine")

_START_SECONDS = 30.0
_LOADER_HOOK = "_dl_debug_state"
"""The function the dynamic loader calls after every change of the link map (link.h)."""


class Program:
    """Everything that belongs to one run of one program.

    Attributes:
        context: Its parts.
        controller: Runs plans on it.
        inspector: Its process, threads and frames at the present stop.
        placer: Finds places for breakpoints.
    """

    def __init__(
        self,
        target: Target,
        modules: ModuleTable,
        loader: ModuleLoader,
        breakpoints: BreakpointTable,
        signals: SignalTable,
        options: Options,
        publish: Callable[[Event], None],
        language: Language,
    ) -> None:
        """Join the parts; nothing is read or run yet."""
        self.context = Debuggee(target, modules, breakpoints, signals, options, publish)
        self.inspector = Inspector(self.context)
        self.resolver = LocationResolver(self.context, language)
        self.handlers = Handlers(
            self.context, self.inspector, language, self.refresh_modules, self._at_entry
        )
        self.controller = Controller(self.context, self.handlers, self._adjust)
        self._loader = loader

    # -- beginning ---------------------------------------------------------------------
    def begin(self, *, attached: bool) -> StopEvent:
        """Take over a program that was just launched or attached and stands still.

        A launched one is run on to its entry point, where its libraries are loaded.

        Returns:
            The stop; ``Started``, unless a breakpoint or the program's end came first.

        Raises:
            LaunchError: The program does not come to its first stop.
        """
        stop = self.context.control.wait(_START_SECONDS)
        if stop is None:
            raise LaunchError("the program did not stop after it was started")
        reason = Started(self.context.target.pid, attached)
        self.controller.begin_stopped(stop.thread, (reason,))
        self.refresh_modules()
        self.adopt_own_package()
        if not attached:
            earlier = self._run_to_entry(stop)
            if earlier is not None:
                return earlier
        return self.controller.begin_stopped(stop.thread, (reason,))

    def adopt_own_package(self) -> None:
        """A program installed from a registry is the user's, although its path says not."""
        main, options = self.context.modules.main, self.context.options
        if main is None:
            return
        for function in main.find_functions("main"):
            package = registry_package(function.declaration_path or "")
            is_root = function.name.count("::") == 1
            if is_root and package and package not in options.user_code.user_paths:
                paths = (*options.user_code.user_paths, package)
                options.user_code = replace(options.user_code, user_paths=paths)

    def _run_to_entry(self, stop: TargetStop) -> StopEvent | None:
        """Run until the loader is done; returns a stop that came before that."""
        main = self.context.modules.main
        if main is None or not main.image.entry:
            return None
        entry = main.address(main.image.entry)
        if self.inspector.view(stop.thread, stop.registers).pc == entry:
            return None
        plan = RunTo(stop.thread, "start", frozenset((entry,)))
        event = self.controller.run(plan, stop.thread, told=False)
        if not any(isinstance(why, StepDone) for why in event.reasons):
            return event
        self.refresh_modules()
        return None

    # -- small verbs -------------------------------------------------------------------
    @property
    def is_stopped(self) -> bool:
        """Whether the program is at a visible stop."""
        return isinstance(self.controller.state, Stopped)

    def request_interrupt(self) -> None:
        """Ask for a pause; safe from any thread and from signal handlers."""
        control = self.context.target.control
        if control is not None:
            self.context.interrupted = True
            control.interrupt()

    def apply_event_filters(self) -> None:
        """Tell the target which system calls are caught; signals go with the next resume."""
        context = self.context
        control = context.live_control
        if control is None:
            return
        self.controller.forget_sent_signals()
        caught = [
            each
            for each in context.breakpoints.catchpoints
            if each.kind == "syscall" and each.enabled
        ]
        numbers = None
        if caught:
            every = any(not each.arguments for each in caught)
            numbers = () if every else tuple(n for each in caught for n in each.arguments)
        if numbers is not None or context.catching_syscalls:
            control.catch_syscalls(numbers)
            context.catching_syscalls = numbers is not None

    def release(self) -> None:
        """Close the connection; what is left of the program is the target's to end."""
        self.context.released = True
        control = self.context.target.control
        if control is not None:
            control.close()

    # -- modules -----------------------------------------------------------------------
    def refresh_modules(self) -> ModuleChanges:
        """Read again what is loaded, and move every trap accordingly."""
        context = self.context
        old = context.modules
        context.modules = self._loader.load(context.target, old)
        changes = context.modules.changes_since(old)
        if changes:
            _log.debug("modules: +%d -%d", len(changes.loaded), len(changes.unloaded))
            self.resolver.resolve_all()
            self.set_event_traps()
            names = tuple(module.path for module in changes.loaded)
            gone = tuple(module.path for module in changes.unloaded)
            context.publish(LibrariesChanged(names, gone))
        return changes

    def set_event_traps(self) -> None:
        """Set the traps for panics and, while anything is pending, for the loader."""
        context = self.context
        panics = ()
        if context.options.stop_on_panic or self._catching("panic"):
            panics = tuple(
                SiteKey("software", location.address)
                for location in self.handlers.panics.locations(context.modules)
            )
        context.sites.replace_owned(("panic", 0), panics)
        waiting = any(item.pending and item.enabled for item in context.breakpoints.breakpoints)
        loader = ()
        if waiting or self._catching("load"):
            loader = tuple(SiteKey("software", each) for each in self._loader_hooks())
        context.sites.replace_owned(("loader", 0), loader)

    def _catching(self, kind: str) -> bool:
        return any(
            each.kind == kind and each.enabled for each in self.context.breakpoints.catchpoints
        )

    def _loader_hooks(self) -> tuple[Address, ...]:
        return tuple(
            symbol.address
            for module in self.context.modules
            for symbol in module.symbols_named(_LOADER_HOOK)
            if symbol.kind == "function"
        )

    # -- events that change what there is ------------------------------------------------
    def _adjust(self, stop: TargetStop) -> None:
        context = self.context
        if stop.kind == "exec":
            context.sites.forget_inserted()
            context.pending_signals.clear()
            self.refresh_modules()
            main = context.modules.main
            if main is not None and main.image.entry:
                entry = main.address(main.image.entry)
                context.sites.replace_owned(("entry", 0), (SiteKey("software", entry),))
        elif stop.kind in ("fork", "vfork"):
            # A vforked child shares memory with its parent: its traps are the parent's.
            copied = stop.kind == "fork" and not context.target.abilities.lifts_traps
            traps = context.sites.inserted if copied else ()
            leave = context.target.pid if context.options.follow == "child" else stop.child
            context.control.detach(leave, traps)

    def _at_entry(self) -> None:
        """A program that replaced another has loaded its libraries."""
        self.context.sites.release_all(("entry", 0))
        self.refresh_modules()
