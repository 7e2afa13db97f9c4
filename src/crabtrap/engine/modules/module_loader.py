"""Finding and opening the files of the program.

The main program is opened through the target (``/proc/PID/exe``, which is right even
when the file was deleted or replaced); libraries below ``/proc/PID/root`` when the program
is local, so that containers work; the vDSO is read from memory (``proc(5)``, ``vdso(7)``).
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from weakref import WeakSet

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.engine.modules.link_map import find_r_debug, read_link_maps, read_path
from crabtrap.errors import (
    CrabtrapError,
    DebugInfoError,
    MemoryFault,
    RemoteError,
    TargetError,
    UnsupportedError,
)
from crabtrap.lazy import lazy
from crabtrap.log import Log
from crabtrap.records import dataclass
from crabtrap.symbols.lacking import what_lacks
from crabtrap.symbols.module import Module
from crabtrap.symbols.module_table import ModuleTable

if TYPE_CHECKING:
    from crabtrap.target.interface import Mapping, Target

_log = Log("crabtrap.engine")

_AT_BASE = 7
_AT_ENTRY = 9
_AT_SYSINFO_EHDR = 33
_VDSO = "[vdso]"
_VDSO_SIZE = 2 * 4096
_VDSO_LIMIT = 64 * 4096
_PAGE = 4096
_ELF_HEADER = 64
_DELETED = " (deleted)"


@dataclass(frozen=True, slots=True)
class _FileKey:
    """Identity of a file's content: equal keys share an image."""

    device: int
    inode: int
    size: int
    modified: int


class ModuleLoader:
    """Opens files and caches their images, also across restarts of the program.

    Args:
        debug_directories: Directories of separate debug files.
        notify: Called with messages for the user: a file that does not match the program,
            a library that cannot be opened.
        check: Called during searches of the files, as ``_core.Image`` says.
    """

    def __init__(
        self,
        *,
        debug_directories: Sequence[str] = ("/usr/lib/debug",),
        notify: Callable[[str], None] = lambda _text: None,
        check: Callable[[int, int], None] | None = None,
    ) -> None:
        self._debug_directories = tuple(debug_directories)
        self._notify = notify
        self._check = check
        self._images: dict[_FileKey, _core.Image] = {}
        self._parsed: dict[bytes, _core.Image] = {}
        self._notified: set[str] = set()
        self._opened: WeakSet[Module | ModuleTable] = WeakSet()

    def open_static(self, program: str) -> ModuleTable:
        """Return the modules of a program before its launch: its own file only, at bias 0.

        Raises:
            DebugInfoError: The file cannot be read as a program; the text says why.
            OSError: It cannot be opened.
        """
        return self._track(ModuleTable([Module(self.open_image(program, program), 0, program)]))

    def load(self, target: Target, old: ModuleTable | None = None) -> ModuleTable:
        """Return the modules that a program has loaded now.

        Modules of ``old`` that are still loaded at the same bias are kept.

        Raises:
            CrabtrapError: The main program cannot be read at all.
        """
        return self._track(_Loading(self, target, old or ModuleTable()).run())

    def close(self) -> None:
        """Give back all files, also those of modules and tables that are still referred to."""
        for opened in tuple(self._opened):
            opened.close()
        self._images.clear()
        self._parsed.clear()

    def _track(self, table: ModuleTable) -> ModuleTable:
        self._opened.add(table)
        self._opened.update(table.modules)
        return table

    # -- used while loading -------------------------------------------------------------
    def open_image(self, path: str, name: str) -> _core.Image:
        """Return the image of a file, a cached one if the file is unchanged."""
        status = os.stat(path)
        key = _FileKey(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        image = self._images.get(key)
        if image is None:
            image = self._images[key] = _core.Image.open(
                path,
                debug_directories=self._debug_directories,
                name=name,
                check=self._check,
            )
        return image

    def parse_image(self, data: bytes, name: str) -> _core.Image:
        """Return the image of a file that is in memory only."""
        image = self._parsed.get(data)
        if image is None:
            image = self._parsed[data] = _core.Image.parse(data, name, check=self._check)
        return image

    def notify(self, text: str) -> None:
        """Notify the user, once."""
        if text not in self._notified:
            self._notified.add(text)
            self._notify(text)


class _Loading:
    """One pass over a program's modules."""

    def __init__(self, loader: ModuleLoader, target: Target, old: ModuleTable) -> None:
        self._loader = loader
        self._target = target
        self._known = {(id(m.image), m.bias): m for m in old}
        self._old_main = old.main
        self._auxiliary = parse_auxv(target.auxv())
        self._executable = _executable(target)
        self._files = _TargetFiles(target, self._executable)

    def run(self) -> ModuleTable:
        main = self._main()
        modules = [main]
        vdso = self._vdso()
        taken = {0, main.bias, *(() if vdso is None else (vdso.bias,))}
        interpreter = self._auxiliary.get(_AT_BASE, 0)
        for path, bias in self._libraries(main, interpreter):
            library = None if bias in taken else self._library(path, bias)
            if library is not None:
                taken.add(bias)
                modules.append(library)
        return ModuleTable([*modules, *(() if vdso is None else (vdso,))], main)

    def _libraries(self, main: Module, interpreter: int) -> list[tuple[str, int]]:
        """Return path and bias of every library; before the loader has run, of the loader."""
        loader = [(main.image.interpreter, interpreter)] if main.image.interpreter else []
        try:
            return [(each.path, each.bias) for each in self._target.libraries()] + loader
        except (UnsupportedError, RemoteError) as error:
            _log.debug("server has no list of libraries: %s", error)
        module = self._library(*loader[0]) if loader and interpreter else None
        if module is None:
            return []
        entries = read_link_maps(self._target, find_r_debug([module]))
        found = [(read_path(self._target, entry.name_address), entry.bias) for entry in entries]
        return [location for location in found if location[0]] + loader

    def _main(self) -> Module:
        linked = _main_path(self._executable) or self._executable
        named = self._old_main.path if self._old_main is not None else ""
        shown = linked.removesuffix(_DELETED) or named
        if linked.endswith(_DELETED):
            self._loader.notify(
                f"{shown} was deleted or rebuilt since this program was started: what runs is "
                "shown as it was built, next to sources as they are now"
            )
        image = self._main_image(shown)
        lacks = what_lacks(image)
        if lacks:
            self._loader.notify(f"{shown} {lacks}")
        bias = _main_bias(image, self._auxiliary, self._target, shown)
        module = self._known.get((id(image), bias))
        if module is None:
            module = Module(image, bias, shown)
            if not _is_same_file(module, self._target):
                self._loader.notify(
                    f"{shown} is not the file this program was started from: "
                    "it was rebuilt or replaced; lines and variables may be wrong"
                )
        return module

    def _main_image(self, shown: str) -> _core.Image:
        """Open the main program's file: here, or by the server, or else the one the user named.

        Raises:
            TargetError: None of these can be read.
            DebugInfoError: It is no program.
        """
        path = self._executable
        try:
            return self._loader.open_image(path, shown)
        except OSError as error:
            reason: Exception = error
        if path:
            try:
                return self._loader.parse_image(self._target.read_file(path), shown)
            except (TargetError, UnsupportedError) as error:
                reason = error
        if self._old_main is not None:
            return self._old_main.image
        raise TargetError(
            f"the file of the program, {path}, cannot be read: {reason}"
            if path
            else "the server does not say which program it runs",
            hint="name a copy of it: crabtrap --connect ADDRESS PROGRAM",
        )

    def _library(self, path: str, bias: int) -> Module | None:
        try:
            image = self._open_library(path)
        except (OSError, CrabtrapError) as error:
            self._loader.notify(f"no symbols for {path}: {error}")
            return None
        module = self._known.get((id(image), bias))
        if module is None:
            module = Module(image, bias, path)
            if not _is_same_file(module, self._target):
                self._loader.notify(
                    f"{path} is not what the program has loaded; its symbols are left out"
                )
                return None
        return module

    def _open_library(self, path: str) -> _core.Image:
        errors: list[OSError] = []
        for candidate in self._files.candidates(path):
            try:
                return self._loader.open_image(candidate, path)
            except OSError as error:
                errors.append(error)
        raise errors[-1]

    def _vdso(self) -> Module | None:
        address = self._auxiliary.get(_AT_SYSINFO_EHDR, 0)
        if not address:
            return None
        for (_, bias), module in self._known.items():
            if module.path == _VDSO and module.contains(address):
                return self._known[id(module.image), bias]
        mappings = self._target.mappings()
        size = next((m.end - m.start for m in mappings if m.start == address), _VDSO_SIZE)
        try:
            data = self._target.read_memory(Address(address), min(size, _VDSO_LIMIT))
            image = self._loader.parse_image(data, _VDSO)
        except (MemoryFault, DebugInfoError) as error:
            self._loader.notify(f"the vDSO cannot be read: {error}")
            return None
        first = min((s.address for s in image.segments if s.kind == "load"), default=0)
        return Module(image, address - first, _VDSO)


class _TargetFiles:
    """The paths under which the debugger can open a file of the program."""

    def __init__(self, target: Target, executable: str) -> None:
        self._target = target
        # The main thread may have ended: its /proc entry is then another thread's.
        local = re.match(r"/proc/\d+/", executable)
        self._local = local[0] if local is not None else None

    @lazy
    def _mappings(self) -> dict[str, Mapping]:
        """First mapping of each file, by the kernel's path, which may differ from the loader's."""
        found: dict[str, Mapping] = {}
        for mapping in self._target.mappings():
            found.setdefault(mapping.path.removesuffix(_DELETED), mapping)
        return found

    def candidates(self, path: str) -> tuple[str, ...]:
        """Return paths to open the library that the loader calls ``path``, best first."""
        if self._local is None:
            return (path,)
        found = [f"{self._local}root{path}", path]
        mapping = self._mappings.get(path) or self._mappings.get(os.path.realpath(path))
        if mapping is not None:
            # It is right even for a replaced file, but opening it needs
            # CAP_CHECKPOINT_RESTORE (proc(5)).
            entry = f"{self._local}map_files/{mapping.start:x}-{mapping.end:x}"
            found.insert(0 if _is_replaced(found[0], mapping) else len(found), entry)
        return tuple(found)


def _is_replaced(path: str, mapping: Mapping) -> bool:
    try:
        return mapping.inode != 0 and os.stat(path).st_ino != mapping.inode
    except OSError:
        return True


def parse_auxv(data: bytes) -> dict[int, int]:
    """Parse the auxiliary vector, see ``getauxval(3)``; ``AT_NULL`` ends it.

    Example:
        >>> parse_auxv(bytes([9, *[0] * 7, 16, *[0] * 7]) + bytes(16))
        {9: 16}
    """
    values: dict[int, int] = {}
    for kind, value in struct.iter_unpack("<QQ", data[: len(data) // 16 * 16]):
        if kind == 0:
            break
        values[kind] = value
    return values


def _executable(target: Target) -> str:
    """Return the path by which the main program's file is opened, ``""`` where it is not known."""
    try:
        return target.executable()
    except (UnsupportedError, RemoteError) as error:
        _log.debug("server does not name the program: %s", error)
        return ""


def _main_path(executable: str) -> str | None:
    """Return the main program's path as the kernel reports it, not as the debugger opens it."""
    try:
        return os.readlink(executable)
    except OSError:
        return None


def _main_bias(image: _core.Image, auxiliary: dict[int, int], target: Target, path: str) -> int:
    """Return the main program's bias, by ``AT_ENTRY``, else by the mappings."""
    if not image.is_pie:
        return 0
    entry = auxiliary.get(_AT_ENTRY, 0)
    if entry and (entry - image.entry) % _PAGE == 0:
        return entry - image.entry
    first = min((s.address for s in image.segments if s.kind == "load"), default=0)
    starts = [
        m.start
        for m in target.mappings()
        if m.offset == 0 and m.path.removesuffix(_DELETED) == path
    ]
    return (min(starts) if starts else 0) - first // _PAGE * _PAGE


def _is_same_file(module: Module, target: Target) -> bool:
    """Whether memory has the file's build id or, without one, its ELF header."""
    note = next((s for s in module.image.sections if s.name == ".note.gnu.build-id"), None)
    first = min((s.address for s in module.image.segments if s.kind == "load"), default=0)
    address, size = (note.address, note.size) if note else (first, _ELF_HEADER)
    try:
        expected = module.image.read(address, size)
        return target.read_memory(module.address(address), size) == expected
    except MemoryFault:
        return False
