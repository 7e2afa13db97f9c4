"""Which files the program is made of, and opening them where they really are.

The main program is opened through the target (``/proc/PID/exe``: right even when the
file was deleted or replaced); libraries below ``/proc/PID/root`` when the program is
local, so that containers work; the vDSO from memory.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.errors import CrabtrapError, DebugInfoError, MemoryFault
from crabtrap.symbols.module import Module
from crabtrap.symbols.table import ModuleTable

if TYPE_CHECKING:
    from crabtrap.target.base import Mapping, Target

_AT_BASE = 7
_AT_ENTRY = 9
_AT_SYSINFO_EHDR = 33
_VDSO = "[vdso]"
_VDSO_LIMIT = 64 * 4096
_PAGE = 4096
_ELF_HEADER = 64


@dataclass(frozen=True, slots=True)
class _FileKey:
    """Identity of a file's content: an image is shared as long as this stays."""

    device: int
    inode: int
    size: int
    modified: int


class ModuleLoader:
    """Opens files and keeps their images, also over restarts of the program.

    Args:
        debug_directories: Where separate debug files are looked up.
        notify: Told, in words, of what the user should know: a file that does not fit
            the program, a library that cannot be opened.
    """

    def __init__(
        self,
        *,
        debug_directories: Sequence[str] = ("/usr/lib/debug",),
        notify: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self._debug_directories = tuple(debug_directories)
        self._notify = notify
        self._images: dict[_FileKey, _core.Image] = {}
        self._told: set[str] = set()

    def open_static(self, program: str) -> ModuleTable:
        """The program before it is launched: its own module only, at bias 0.

        Raises:
            DebugInfoError: Not a program we can read; the text says why.
            OSError: It cannot be opened.
        """
        return ModuleTable([Module(self._open(program, program), 0, program)])

    def load(self, target: Target, old: ModuleTable | None = None) -> ModuleTable:
        """The modules of a program as it is now.

        Modules of ``old`` that are still in place are kept as they are.

        Raises:
            CrabtrapError: The main program cannot be read at all.
            OSError: It cannot be opened.
        """
        auxiliary = parse_auxv(target.auxv())
        files = _TargetFiles(target)
        main = self._load_main(target, auxiliary)
        modules = [main]
        libraries = target.libraries()
        for library in libraries:
            if library.bias != main.bias:
                self._add_library(modules, target, files, library.path, library.bias)
        loader_bias = auxiliary.get(_AT_BASE, 0)
        if loader_bias and main.image.interpreter:
            self._add_library(modules, target, files, main.image.interpreter, loader_bias)
        vdso = self._load_vdso(target, auxiliary.get(_AT_SYSINFO_EHDR, 0))
        if vdso is not None:
            modules.append(vdso)
        kept = _keep_old(modules, old)
        return ModuleTable(kept, kept[0])

    def _load_main(self, target: Target, auxiliary: dict[int, int]) -> Module:
        path = target.executable()
        shown = _main_path(target) or path
        image = self._open(path, shown)
        bias = _main_bias(image, auxiliary, target, shown)
        module = Module(image, bias, shown)
        if not _is_same_file(module, target):
            self._tell(
                f"{shown} is not the file this program was started from: "
                "it was rebuilt or replaced; lines and variables may be wrong"
            )
        return module

    def _add_library(
        self, modules: list[Module], target: Target, files: _TargetFiles, path: str, bias: int
    ) -> None:
        """Open a library and append it, unless its place is already taken."""
        if any(module.bias == bias and bias for module in modules):
            return
        try:
            module = Module(self._open_library(files, path), bias, path)
        except (OSError, CrabtrapError) as error:
            self._tell(f"no symbols for {path}: {error}")
            return
        if not _is_same_file(module, target):
            self._tell(
                f"{path} on disk is not what the program has loaded; its symbols are left out"
            )
            return
        modules.append(module)

    def _open_library(self, files: _TargetFiles, path: str) -> _core.Image:
        errors: list[OSError] = []
        for candidate in files.candidates(path):
            try:
                return self._open(candidate, path)
            except OSError as error:
                errors.append(error)
        raise errors[-1] if errors else FileNotFoundError(path)

    def _load_vdso(self, target: Target, address: int) -> Module | None:
        if not address:
            return None
        size = next((m.end - m.start for m in target.mappings() if m.start == address), 8192)
        try:
            data = target.read_memory(Address(address), min(size, _VDSO_LIMIT))
            image = _core.Image.parse(data, _VDSO)
        except (MemoryFault, DebugInfoError) as error:
            self._tell(f"the vDSO cannot be read: {error}")
            return None
        first = min((s.address for s in image.segments if s.kind == "load"), default=0)
        return Module(image, address - first, _VDSO)

    def _open(self, path: str, name: str) -> _core.Image:
        status = os.stat(path)
        key = _FileKey(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        image = self._images.get(key)
        if image is None:
            image = _core.Image.open(path, debug_directories=self._debug_directories, name=name)
            self._images[key] = image
        return image

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._notify(text)


class _TargetFiles:
    """Paths under which a file of the program may be opened from here, best first."""

    def __init__(self, target: Target) -> None:
        self._mappings = {m.path: m for m in target.mappings() if m.path}
        local = f"/proc/{target.pid}/"
        self._local = local if target.executable().startswith(local) else None

    def candidates(self, path: str) -> tuple[str, ...]:
        if self._local is None:
            return (path,)
        found = [f"{self._local}root{path}", path]
        mapping = self._mappings.get(path) or self._mappings.get(f"{path} (deleted)")
        if mapping is not None:
            # Opening needs CAP_CHECKPOINT_RESTORE, but it is right even for a replaced file.
            entry = f"{self._local}map_files/{mapping.start:x}-{mapping.end:x}"
            found.insert(0 if _is_replaced(found[0], mapping) else len(found), entry)
        return tuple(found)


def _is_replaced(path: str, mapping: Mapping) -> bool:
    try:
        return mapping.inode != 0 and os.stat(path).st_ino != mapping.inode
    except OSError:
        return True


def parse_auxv(data: bytes) -> dict[int, int]:
    """The auxiliary vector (``man getauxval``) by type; the last pair of zeros ends it.

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


def _main_path(target: Target) -> str | None:
    """The main program's path as the program sees it, not as we open it."""
    try:
        return os.readlink(target.executable()).removesuffix(" (deleted)")
    except OSError:
        return None


def _main_bias(image: _core.Image, auxiliary: dict[int, int], target: Target, path: str) -> int:
    """Where the main program was loaded: told by the kernel, else by the mappings."""
    if not image.is_pie:
        return 0
    entry = auxiliary.get(_AT_ENTRY, 0)
    if entry and (entry - image.entry) % _PAGE == 0:
        return entry - image.entry
    first = min((s.address for s in image.segments if s.kind == "load"), default=0)
    starts = [
        m.start
        for m in target.mappings()
        if m.offset == 0 and m.path.removesuffix(" (deleted)") == path
    ]
    return (min(starts) if starts else 0) - first // _PAGE * _PAGE


def _is_same_file(module: Module, target: Target) -> bool:
    """Whether memory holds what the file says: its build id, else its ELF header."""
    note = next((s for s in module.image.sections if s.name == ".note.gnu.build-id"), None)
    first = min((s.address for s in module.image.segments if s.kind == "load"), default=0)
    address, size = (note.address, note.size) if note else (first, _ELF_HEADER)
    try:
        expected = module.image.read(address, size)
        return target.read_memory(module.address(address), size) == expected
    except MemoryFault:
        return False


def _keep_old(modules: list[Module], old: ModuleTable | None) -> list[Module]:
    """Replace modules by equal ones of the old table: same image, same place."""
    known = {(id(m.image), m.bias): m for m in old.modules} if old is not None else {}
    return [known.get((id(m.image), m.bias), m) for m in modules]
