"""Where threads arrive at a line, in small flow graphs."""

from crabtrap.address import Address
from crabtrap.symbols.arrivals import Arrival, LineCode, find_arrivals
from crabtrap.symbols.code_flow import CodeFlow
from crabtrap.symbols.code_rows import LineSpan

PATH = "src/main.rs"
OWN, OTHER, NONE = 7, 8, 0


def line_code(
    lines: dict[int, int],
    edges: dict[int, tuple[int, ...]],
    *,
    mid_statement: tuple[int, ...] = (),
    cleanup: tuple[int, ...] = (),
) -> LineCode:
    """One block per number: its line, and the blocks that follow; the first is the entry."""
    blocks = tuple(map(Address, sorted(lines)))
    successors = {block: tuple(map(Address, edges.get(block, ()))) for block in blocks}
    before = {
        block: tuple(each for each in blocks if block in successors[each]) for block in blocks
    }
    flow = CodeFlow(
        blocks[0], blocks, successors, successors, before, frozenset(map(Address, cleanup))
    )
    spans = tuple(
        LineSpan(
            block,
            Address(block + 1),
            PATH,
            lines[block],
            is_statement=lines[block] != NONE and block not in mid_statement,
        )
        for block in blocks
    )
    return LineCode(flow, spans, PATH, OWN)


def places(code: LineCode) -> dict[int, set[int]]:
    return {each.address: set(each.continues) for each in find_arrivals(code)}


def test_code_that_was_interleaved_is_stopped_in_once() -> None:
    code = line_code({1: OWN, 2: OTHER, 3: OWN}, {1: (2,), 2: (3,)})
    assert places(code) == {1: set()}


def test_a_constant_hoisted_out_of_a_loop_is_not_all_of_the_line() -> None:
    code = line_code({1: OWN, 2: OTHER, 3: OWN}, {1: (2,), 2: (3,), 3: (2,)})
    assert places(code) == {1: set(), 3: set()}


def test_both_ways_into_a_line_are_kept() -> None:
    code = line_code({1: OTHER, 2: OWN, 3: OWN, 4: OWN}, {1: (2, 3), 2: (4,), 3: (4,)})
    assert places(code) == {2: set(), 3: set()}


def test_the_head_of_a_loop_continues_its_beginning() -> None:
    # `for x in items {`: 1 makes the iterator, 2 asks it, 3 is the body.
    code = line_code({1: OWN, 2: OWN, 3: OTHER, 4: OTHER}, {1: (2,), 2: (3, 4), 3: (2,)})
    assert places(code) == {1: set(), 2: {1}}


def test_a_head_that_its_beginning_may_miss_continues_nothing() -> None:
    lines = {1: OWN, 2: OWN, 3: OTHER, 4: OTHER}
    assert places(line_code(lines, {1: (2, 4), 2: (3, 4), 3: (2,)})) == {1: set(), 2: set()}


def test_a_loop_on_one_line_is_one_arrival() -> None:
    code = line_code({1: OTHER, 2: OWN, 3: OWN, 4: OTHER}, {1: (2,), 2: (3,), 3: (3, 4)})
    assert places(code) == {2: set()}


def test_code_without_a_line_belongs_to_where_it_is_reached_from() -> None:
    code = line_code({1: OWN, 2: NONE, 3: OWN}, {1: (2,), 2: (3,)})
    assert places(code) == {1: set()}
    code = line_code({1: OTHER, 2: NONE, 3: OWN}, {1: (2,), 2: (3,)})
    assert places(code) == {3: set()}


def test_code_that_cleans_up_is_no_place() -> None:
    lines = {1: OTHER, 2: OWN, 3: OWN}
    code = line_code(lines, {1: (2, 3)}, mid_statement=(2,), cleanup=(3,))
    assert places(code) == {2: set()}
    code = line_code({1: OTHER, 3: OWN}, {1: (3,)}, cleanup=(3,))
    assert places(code) == {}


def test_the_first_statement_after_an_arrival_is_the_place() -> None:
    code = line_code({1: OTHER, 2: OWN, 3: OWN}, {1: (2,), 2: (3,)}, mid_statement=(2,))
    assert places(code) == {3: set()}


def test_places_can_be_chosen() -> None:
    code = line_code({1: OWN, 2: OWN, 3: OTHER}, {1: (2,), 2: (3,)})
    assert find_arrivals(code, (Address(2),)) == (Arrival(Address(2)),)
