"""Debug information that cannot be read, or has less than everything, is told as what it is."""

from pathlib import Path

import pytest

from crabtrap import _core
from crabtrap.engine.inspect.user_code import UserCode
from crabtrap.engine.modules.module_loader import ModuleLoader
from crabtrap.errors import CrabtrapError
from crabtrap.events import BreakpointHit, Notice, StepDone
from crabtrap.symbols.linespec import Resolution, ResolveContext, parse_spec, resolve_spec
from tests.support.elf import read_sections
from tests.support.inferiors import build
from tests.support.sessions import Debug


def resolve(path: Path, spec: str) -> Resolution:
    table = ModuleLoader().open_static(str(path))
    context = ResolveContext(table, is_user_path=UserCode().is_user_path)
    return resolve_spec(parse_spec(spec), context)


@pytest.fixture(params=["compressed-zlib", "compressed-zstd"])
def damaged(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A program whose compressed debug sections are full of zeros."""
    path = build("basics", request.param).path
    data = bytearray(path.read_bytes())
    for section in read_sections(path):
        if section.name.startswith(".debug_"):
            start, end = section.offset + 24, section.offset + section.size
            data[start:end] = bytes(end - start)
    copy = tmp_path / path.name
    copy.write_bytes(data)
    copy.chmod(0o755)
    return copy


def test_what_cannot_be_read_is_not_told_as_absent(damaged: Path) -> None:
    image = _core.Image.open(str(damaged))
    assert image.debug_level == "symbols"
    assert "cannot be decompressed" in image.problems[0]
    found = resolve(damaged, "main.rs:3")
    assert found.reason == "no source file named 'main.rs'"
    for hint in (
        found.hint,
        resolve(damaged, "no_such_function").hint,
        resolve(damaged, "/no_such_function/").hint,
        *resolve(damaged, "basics::factorial").notes,
    ):
        assert "cannot be decompressed" in hint
        assert "Cargo" not in hint


def test_functions_with_rows_alone_are_the_users(debug: Debug) -> None:
    driver = debug("stepping", "line-tables")
    session = driver.session
    point = session.breakpoints.add("stepping::early")
    driver.launch()
    assert session.continue_().reasons == (BreakpointHit(point.number, 1),)
    assert driver.here[0] == "early"
    assert session.frame.is_user
    assert session.frame.line == driver.line("early_return") - 2
    session.next()
    assert driver.here == ("early", driver.line("early_return") - 1)
    (done,) = session.finish().reasons
    assert isinstance(done, StepDone)
    assert done.return_value is None
    assert driver.here == ("main", driver.line("main_early"))
    session.next()
    session.step()
    assert driver.here[0] == "parsed"
    (notice,) = [event.text for event in driver.events if isinstance(event, Notice)]
    assert "line tables only" in notice
    assert "line tables only" in session.frame.variables_unknown
    with pytest.raises(CrabtrapError) as caught:
        session.evaluate("text")
    assert "line tables only" in caught.value.hint
