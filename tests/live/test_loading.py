"""Files of a program: found where they really are, compared with what is in memory."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from crabtrap.engine.modules.lasting import find_lasting
from crabtrap.engine.modules.module_loader import ModuleLoader
from crabtrap.errors import DebugInfoError
from tests.support.backends import Backend
from tests.support.inferiors import build, running
from tests.support.needs import require
from tests.support.stopped import Stopped


def test_modules_are_the_program_its_libraries_and_the_vdso(backend: Backend):
    inferior = build("basics")
    stopped = Stopped(backend, inferior.path)
    # Before the loader has run there is only what the kernel has mapped.
    assert [m.name for m in stopped.table] == ["basics", "ld-linux-x86-64.so.2", "[vdso]"]
    stopped.run_to(f"main.rs:{inferior.marker('first')}")
    names = [m.name for m in stopped.table]
    assert names[0] == "basics"
    assert names[-1] == "[vdso]"
    assert {"libc.so.6", "ld-linux-x86-64.so.2"} <= set(names)
    assert len(set(names)) == len(names)
    assert stopped.notices == []
    main = stopped.table.main
    assert main is not None
    entry = main.address(main.image.entry)
    assert main.contains(entry)
    assert stopped.table.find(entry) is main


def test_static_view_agrees_with_the_loaded_program(backend: Backend):
    inferior = build("basics")
    before = ModuleLoader().open_static(str(inferior.path))
    assert before.main is not None
    function = before.main.find_functions("factorial")[0]
    main = Stopped(backend, inferior.path).table.main
    assert main is not None
    loaded = main.find_functions("factorial")[0]
    assert loaded.entry == main.address(before.main.file_address(function.entry))


def test_modules_that_stay_are_kept(backend: Backend):
    stopped = Stopped(backend, build("basics").path)
    again = stopped.loader.load(stopped.target, stopped.table)
    assert again.modules == stopped.table.modules
    assert not again.changes_since(stopped.table)


def test_library_comes_and_goes(backend: Backend):
    inferior = build("dynlib")
    stopped = Stopped(backend, inferior.path)
    stopped.run_to(f"main.rs:{inferior.marker('dlopen')}")
    before = stopped.table
    stopped.run_to(f"main.rs:{inferior.marker('call')}")
    changes = stopped.table.changes_since(before)
    assert [m.name for m in changes.loaded] == ["libplugin.so"]
    assert changes.unloaded == ()
    thread = stopped.run_to("plugin::work")
    assert thread.frame(0).module == "libplugin.so"
    loaded = stopped.table
    stopped.run_to(f"main.rs:{inferior.marker('unloaded')}")
    assert [m.name for m in stopped.table.changes_since(loaded).unloaded] == ["libplugin.so"]


def test_what_the_program_needs_itself_is_never_unloaded(backend: Backend):
    inferior = build("dynlib")
    stopped = Stopped(backend, inferior.path)
    assert {m.name for m in find_lasting(stopped.target, stopped.table)} <= {"dynlib"}
    stopped.run_to(f"main.rs:{inferior.marker('call')}")
    lasting = {m.name for m in find_lasting(stopped.target, stopped.table)}
    # By what the loader itself says: `ldd` runs it.
    told = subprocess.run(["ldd", inferior.path], capture_output=True, text=True, check=True)
    needed = {os.path.basename(line.split()[0]) for line in told.stdout.splitlines()}
    assert lasting == {"dynlib", *needed} - {"linux-vdso.so.1"}
    assert "libplugin.so" in {m.name for m in stopped.table} - lasting


def test_deleted_program_is_read_all_the_same(guard: Backend, tmp_path: Path):
    program = tmp_path / "gone"
    shutil.copy(build("basics").path, program)
    stopped = Stopped(guard, program)
    program.unlink()
    stopped.loader = ModuleLoader(notify=stopped.notices.append)
    table = stopped.loader.load(stopped.target)
    assert table.main is not None
    assert table.main.path == str(program)
    assert table.main.find_functions("factorial")
    assert "was deleted or rebuilt" in "".join(stopped.notices)


def test_replaced_program_is_not_mistaken_for_the_running_one(guard: Backend, tmp_path: Path):
    program = tmp_path / "app"
    shutil.copy(build("basics").path, program)
    stopped = Stopped(guard, program)
    other = tmp_path / "new"
    shutil.copy(build("deep").path, other)
    os.replace(other, program)
    table = ModuleLoader(notify=stopped.notices.append).load(stopped.target)
    assert table.main is not None
    assert table.main.find_functions("factorial")
    assert not table.main.find_functions("recurse")
    assert "was deleted or rebuilt" in "".join(stopped.notices)


def test_program_overwritten_in_place_is_noticed(guard: Backend, tmp_path: Path):
    built, other = build("basics").path, build("deep").path
    program = tmp_path / "app"
    shutil.copy(built, program)
    stopped = Stopped(guard, program)
    # As a remote server would have it: the path leads to another file by now.
    copy = tmp_path / "copy"
    shutil.copy(other, copy)
    wrong = _Elsewhere(stopped.target, str(copy))
    notices: list[str] = []
    table = ModuleLoader(notify=notices.append).load(wrong)  # type: ignore[arg-type]
    assert table.main is not None
    assert len(notices) == 1
    assert "is not the file this program was started from" in notices[0]


class _Elsewhere:
    """A target whose executable is found at another path."""

    def __init__(self, target: object, path: str) -> None:
        self._target = target
        self._path = path

    def executable(self) -> str:
        return self._path

    def __getattr__(self, name: str) -> object:
        return getattr(self._target, name)


def test_attached_program_is_loaded_completely(backend: Backend):
    inferior = build("attachme")
    with running(inferior) as program:
        target = backend.attach(program.pid)
        control = target.control
        assert control is not None
        assert control.wait(10.0) is not None
        table = ModuleLoader().load(target)
        assert {"attachme", "libc.so.6", "[vdso]"} <= {m.name for m in table}
        assert table.main is not None
        assert table.main.find_functions("main")
        control.detach()


@pytest.mark.parametrize("profile", ["no-pie", "dwarf5", "compressed-zlib", "debuglink"])
def test_locations_are_right_in_every_kind_of_file(guard: Backend, profile: str):
    inferior = build("basics", profile)
    stopped = Stopped(guard, inferior.path)
    frame = stopped.run_to(f"main.rs:{inferior.marker('norm2')}").frame(0)
    assert frame.function == "basics::Point::norm2"
    assert frame.line == inferior.marker("norm2")


def test_program_without_symbols_has_modules_and_frames(guard: Backend):
    stopped = Stopped(guard, build("basics", "stripped").path)
    main = stopped.table.main
    assert main is not None
    stopped.break_at(main.address(main.image.entry))
    stopped.go()
    frame = stopped.thread.frame(0)
    assert (frame.function, frame.path, frame.line, frame.is_user) == (None, None, 0, False)
    assert frame.folded_reason == "no debug information"
    assert frame.locals() == ()


def test_what_is_no_program_is_refused_in_words(tmp_path: Path):
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    with pytest.raises(DebugInfoError, match="ELF"):
        ModuleLoader().open_static(str(script))
    with pytest.raises(DebugInfoError, match="regular file"):
        ModuleLoader().open_static(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        ModuleLoader().open_static(str(tmp_path / "nothing"))


def test_program_in_another_mount_namespace(guard: Backend, tmp_path: Path):
    require("unshare", "mount namespaces")
    inside = tmp_path / "inside"
    inside.mkdir()
    built = build("attachme").path
    script = f"mount -t tmpfs none {inside} && cp {built} {inside}/app && exec {inside}/app"
    reader, writer = os.pipe()
    environment = os.environ | {"CRABTRAP_READY_FD": str(writer)}
    process = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", script],
        pass_fds=(writer,),
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        assert os.read(reader, 100)
        target = guard.attach(process.pid)
        assert target.control is not None
        assert target.control.wait(10.0) is not None
        notices: list[str] = []
        table = ModuleLoader(notify=notices.append).load(target)
        assert table.main is not None
        assert table.main.path == f"{inside}/app"
        assert table.main.find_functions("main")
        assert notices == []
        target.control.detach()
    finally:
        os.close(reader)
        process.kill()
        process.wait()
