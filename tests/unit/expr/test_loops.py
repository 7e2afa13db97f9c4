"""Chains that the core runs as one loop give what the general evaluator gives."""

from __future__ import annotations

import itertools
import random
import struct

import pytest

from crabtrap.expr.evaluate import Evaluator, evaluate
from crabtrap.expr.loops import bases
from crabtrap.expr.rust_format import formatted
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax.nodes import FormatSpec
from crabtrap.present import std_presenter
from tests.support.loops.data import Count, Data, answer, both, only_loops
from tests.support.loops.generator import Generator

PRESENTER = std_presenter()
DEBUG = FormatSpec(style="?")


@pytest.fixture(scope="module")
def data() -> Data:
    return Data(7)


CHAINS = """
u64s.iter().position(|x| *x == 7)
u64s.iter().filter(|x| **x > 3).count()
u64s.iter().max()
i32s.iter().min()
f64s.iter().copied().fold(0.0, |a, x| if x > a { x } else { a })
f64s.iter().filter(|x| x.is_nan()).count()
f64s.iter().map(|x| x * 2.0).sum::<f64>()
f32s.iter().any(|x| *x == 1.5)
u64s.contains(&9)
f32s.contains(&f32::NAN)
u64s.windows(2).filter(|w| w[0] < w[1]).count()
u64s.windows(3).map(|w| w.iter().map(|x| x & 7).sum::<u64>()).max()
u64s.chunks(4).map(|c| c.len()).last()
u64s.chunks(4).map(|c| c.iter().rev().take(2).count()).min()
i32s.iter().rev().take(3).map(|x| x % 7).collect::<Vec<_>>()
i32s.iter().enumerate().rev().skip(2).step_by(3).map(|(i, x)| (x, i)).collect::<Vec<_>>()
i32s.iter().enumerate().filter(|(_, x)| **x > 5).map(|(i, _)| i).collect::<Vec<_>>()
i64s.iter().min_by_key(|x| x.abs_diff(5))
i64s.iter().max_by(|a, b| (*a % 5).cmp(&(*b % 5)).then(b.cmp(a)))
i32s.iter().copied().reduce(|a, b| a.max(b))
i32s.iter().reduce(|a, b| if a > b { a } else { b })
i32s.iter().map(|&x| x as i64).sum::<i64>()
u8s.iter().map(|x| *x as u32 % 2 + 1).product::<u32>()
u8s.iter().filter(|x| x.is_ascii_digit()).count()
chars.iter().filter(|c| c.is_alphabetic()).count()
chars.iter().position(|c| matches!(c, 'a'..='z'))
bools.iter().filter(|b| **b).count()
bools.iter().all(|b| *b || !*b)
pairs.iter().map(|(a, b)| *a as i64 - *b as i64).max()
pairs.iter().max_by_key(|p| (p.1, p.0))
points.iter().filter(|p| p.on && p.x > 3).map(|p| p.y).sum::<u64>()
points.iter().min_by_key(|p| p.x)
points.iter().map(|Point { x, y, .. }| (*x as i64) ^ (*y as i64)).max()
options.iter().filter(|o| o.is_some()).count()
options.iter().flatten().max()
options.iter().map(|o| o.unwrap_or(3)).sum::<u32>()
options.iter().filter(|o| matches!(o, Some(1..=9))).count()
options.iter().filter_map(|o| o.and_then(|x| x.checked_sub(5))).min()
options.iter().filter(|o| **o == None).count()
options.iter().filter(|o| **o > Some(9)).count()
rows.iter().map(|r| r[1]).max()
rows.iter().filter(|r| r.iter().any(|x| *x == 3)).count()
rows.iter().filter(|r| r.contains(&3)).count()
rows.iter().map(|[a, b, ..]| *a as u32 + *b as u32).max()
colours.iter().filter(|c| **c == Colour::Green).count()
colours.iter().filter(|c| matches!(c, Colour::Red | Colour::Blue)).count()
map.values().sum::<u64>()
map.keys().max()
map.iter().filter(|(k, v)| **k as u64 > **v).count()
map.iter().max_by_key(|(_, v)| **v)
ring.iter().skip(3).filter(|x| *x % 2 == 0).count()
ring.iter().rev().position(|x| *x == 7)
(0..60u32).filter(|x| x % 7 == 3).map(|x| x * x).sum::<u32>()
(1..=40u64).rev().skip_while(|x| *x > 30).step_by(4).collect::<Vec<_>>()
(0..).map(|x| x * 3).take_while(|x| *x < 60).count()
(0..30i32).map(|i| i32s[i as usize]).filter(|x| *x > 2).count()
(0..20usize).map(|i| (0..i).map(|j| j * j).sum::<usize>()).max()
i32s.iter().zip(u64s.iter().rev()).filter(|(a, b)| **a as u64 == **b).count()
i32s.iter().zip(1..).map(|(a, b)| a % b).max()
i32s.iter().is_sorted()
rising.iter().is_sorted()
rising.is_sorted()
rising.iter().is_sorted_by_key(|x| x / 2)
rising.iter().is_sorted_by(|a, b| a < b)
rising.iter().rposition(|x| *x < 0)
rising.iter().rfind(|x| **x % 2 == 0)
rising.iter().map(|x| x.pow(2)).nth(3)
rising.iter().map(|x| x.signum()).last()
rising.iter().map(|x| match x { 0 => 1, n if *n < 0 => -n, _ => 2 }).max()
rising.iter().map(|x| { let y = x * 2; let (a, b) = (y, y + 1); a * b }).min()
rising.iter().map(|x| (5..9).contains(x)).filter(|x| *x).count()
rising.iter().map(|x| if let Some(y) = x.checked_rem(3) && y > 0 { y } else { -1 }).sum::<i32>()
rising.iter().map(|x| x.checked_add(1).map(|y| y * 2).filter(|y| *y > 9)).flatten().min()
rising.iter().map_while(|x| (*x < 9).then(|| x + 1)).last()
rising.iter().copied().map(i32::abs).max()
rising.iter().find_map(|x| (*x > 10).then_some(x * 2))
empty.iter().max()
empty.iter().map(|x| x + 1).sum::<u32>()
""".strip().splitlines()


@pytest.mark.parametrize("text", CHAINS)
def test_a_chain_runs_as_a_loop_and_gives_the_same(data: Data, text: str):
    counted = Count()
    with counted.counting():
        general, loop = both(data, text)
    assert loop == general
    assert general[0] == "value"
    assert counted.loops >= 1


FAILING = """
u8s.iter().map(|x| x + 250).max()
u8s.iter().sum::<u8>()
i32s.iter().map(|x| 100 / (x - x)).count()
i64s.iter().map(|x| -x).filter(|x| *x > 0).map(|x| x * i64::MAX).collect::<Vec<_>>()
u64s.windows(2).map(|w| w[2]).max()
u64s.chunks(4).map(|c| c[3]).max()
u64s.chunks(4).map(|c| c.iter().map(|x| x - 5).sum::<u64>()).max()
rows.iter().map(|r| r[r[0] as usize + 4]).max()
rising.iter().map(|x| x.checked_sub(1).filter(|y| *y < 0).unwrap()).sum::<i32>()
rising.iter().map(|x| i32::pow(*x, 9)).max()
rising.iter().copied().map(i32::isqrt).max()
rising.iter().enumerate().map(|(i, x)| (i as i32 - 7) / (x - 1)).sum::<i32>()
rising.iter().fold(1i32, |a, x| a * (x + 21))
broken.iter().filter(|b| **b).count()
broken.iter().position(|b| !*b)
(0..40u8).map(|x| x * 7).max()
(0..40i32).map(|i| i32s[i as usize * 2]).max()
map.values().map(|v| 9 - v).max()
""".strip().splitlines()


@pytest.mark.parametrize("text", FAILING)
def test_an_error_is_the_general_evaluators(data: Data, text: str):
    counted = Count()
    with counted.counting():
        general, loop = both(data, text)
    assert loop == general
    assert "Error" in general[0]
    assert counted.loops >= 1


STEPS = (
    *(".take(3)", ".skip(2)", ".step_by(2)", ".rev()", ".take(0)", ".skip(99)", ".enumerate()"),
    *(".map(|x| 60 / (x - 4))", ".filter(|x| *x % 2 == 0)", ".take_while(|x| *x < 20)"),
)


@pytest.mark.parametrize("begin", ["rising.iter().copied()", "(-5..20i32)"])
def test_what_is_chosen_of_the_items_is_what_rust_chooses(data: Data, begin: str):
    different: list[str] = []
    triples = random.Random(1).sample(list(itertools.product(STEPS, repeat=3)), 150)
    for steps in (*itertools.product(STEPS, repeat=2), *triples):
        text = begin + "".join(steps)
        ends = (".next()", ".last()", ".count()", ".collect::<Vec<_>>()")
        end = ends[sum(map(len, steps)) % len(ends)]
        general, loop = both(data, text + end)
        if general != loop:
            different.append(f"{text}{end}\n  {general}\n  {loop}")
    assert not different, "\n".join(different)


@pytest.mark.parametrize("seed", range(4))
def test_random_chains_give_the_same(seed: int):
    data = Data(seed)
    generator = Generator(seed, data.types)
    counted = Count()
    for _ in range(150):
        text = generator.chain()
        with counted.counting():
            general, loop = both(data, text)
        assert general == loop, text
    assert counted.loops > 75


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("rising.iter().map(|x| 10 / (x + 14)).take(2).collect::<Vec<_>>()", "[-1, -3]"),
        ("rising.iter().map(|x| 10 / (x + 14)).find(|x| *x == -3)", "Some(-3)"),
        ("rising.iter().map(|x| 10 / (x + 20)).rev().skip(1).next()", "Some(0)"),
    ],
)
def test_what_is_not_looked_at_does_not_fail(data: Data, text: str, value: str):
    with only_loops():
        found = evaluate(text, data, PRESENTER)
    assert formatted(found, DEBUG, PRESENTER) == value


def test_an_item_that_is_passed_over_is_computed(data: Data):
    for text in (
        "rising.iter().map(|x| 10 / (x + 20)).skip(2).next()",
        "rising.iter().map(|x| 10 / (x + 20)).nth(3)",
        "rising.iter().map(|x| 10 / (x + 20)).count()",
        "rising.iter().map(|x| 10 / (x + 20)).last()",
    ):
        general, loop = both(data, text)
        assert loop == general
        assert "divide by zero" in loop[0]


def test_a_reference_is_the_item_in_memory(data: Data):
    first = evaluate("&raw const rising[0]", data, PRESENTER).integer()
    with only_loops():
        for text, at in (("rising.iter().max()", 40), ("rising.iter().find(|x| **x > -20)", 1)):
            found = evaluate(f"{text}.unwrap()", data, PRESENTER)
            assert found.address == first + 4 * at


def test_memory_is_read_in_pieces(data: Data, monkeypatch: pytest.MonkeyPatch):
    count = 1 << 20
    value = data.world.vec_value("u32", range(count))
    sizes: list[int] = []
    read = type(data.world.heap).read

    def watched(heap: object, address: int, size: int) -> bytes:
        sizes.append(size)
        return read(heap, address, size)  # type: ignore[arg-type]  # the heap

    monkeypatch.setattr(type(data.world.heap), "read", watched)
    monkeypatch.setattr(data, "lookup", lambda name: value)
    assert evaluate("v.iter().max()", data, PRESENTER).type.name == "Option<&u32>"
    assert max(sizes) <= 1 << 20
    assert sum(sizes) < 4 * count + (1 << 16)
    sizes.clear()
    found = evaluate("v.iter().filter(|x| **x > 3).next()", data, PRESENTER)
    assert formatted(found, DEBUG, PRESENTER) == "Some(4)"
    assert sum(sizes) < 1 << 14


def test_a_loop_over_what_cannot_be_read_fails_where_it_looks(data: Data):
    # Four items are there, and four are not.
    world = data.world
    address = world.heap.put(struct.pack("<QQQQ", 1, 2, 3, 4))
    words = struct.pack("<QQQ", address, 8, 8)
    value = world.value(world.vec(world.base("u64")), words)
    world.program.mapped = None  # type: ignore[attr-defined]  # nothing is known of mappings
    scope = Data(1)
    scope.lookup = lambda name: value  # type: ignore[method-assign]  # the only variable
    for text in ("v.iter().position(|x| *x == 3)", "v.iter().max()", "v.iter().map(|x| x * 2)"):
        general, loop = both(scope, text)
        assert loop == general


def test_a_range_without_an_end_ends(data: Data, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bases, "MOST_COUNTED", 10_000)
    for text in ("(0..).find(|x| *x < 0)", "(0u64..).filter(|x| *x > 1 << 40).next()"):
        with only_loops(), pytest.raises(EvaluationError, match="more than 10000 items") as caught:
            evaluate(text, data, PRESENTER)
        assert caught.value.hint == "use .take(n)"


def test_a_loop_can_be_interrupted(data: Data, monkeypatch: pytest.MonkeyPatch):
    looks = iter(range(3))

    def progress(self: object, done: int | None = None, total: int | None = None) -> None:
        del self, done, total
        if next(looks, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr(Evaluator, "progress", progress)
    with only_loops(), pytest.raises(KeyboardInterrupt):
        evaluate("u64s.iter().filter(|x| **x > 1 << 40).count()", data, PRESENTER)


TWICE = "let a = i.next(); (a, i.next())"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            f"rising.windows(3).map(|w| {{ let mut i = w.iter(); {TWICE} }}).next()",
            "Some((Some(-20), Some(-17)))",
        ),
        (
            "rising.windows(3).map(|w| { let mut i = (w.iter(), 1); let a = i.0.next(); "
            "(a, i.0.next()) }).next()",
            None,
        ),
        (f"{{ let mut i = rising.iter(); {TWICE} }}", "(Some(-20), Some(-17))"),
        (
            "{ let mut i = (rising.iter(), 1); let a = i.0.next(); (a, i.0.next()) }",
            "(Some(-20), Some(-17))",
        ),
        ("{ let mut i = rising.iter().filter(|x| **x > 0); i.next(); i.next() }", "Some(4)"),
        ("{ let mut n = 0; rising.iter().filter(|x| { n += 1; n > 3 }).next() }", None),
        (
            "{ let mut i = rising.iter(); rising.iter().filter(|x| i.next() == Some(x)).count() }",
            None,
        ),
    ],
)
def test_an_iterator_in_a_variable_goes_on(data: Data, text: str, value: str | None):
    general, loop = both(data, text)
    assert loop == general
    if value is not None:
        with only_loops():
            assert formatted(evaluate(text, data, PRESENTER), DEBUG, PRESENTER) == value


def test_a_chain_that_may_run_the_program_is_no_loop(data: Data):
    with only_loops():
        assert answer(data, "u64s.iter().filter(|x| x.no_such_method()).count()")[1] is None
