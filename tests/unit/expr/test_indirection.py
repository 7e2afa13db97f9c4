"""Looking through references, as many as there are and no more than there may be."""

import pytest

from crabtrap.expr import computed, indirection
from crabtrap.expr.scope import EvaluationError
from crabtrap.present import std_presenter
from crabtrap.present.field_paths import MAX_LAYERS, each_layer
from crabtrap.present.view import PointerView
from crabtrap.symbols.types import synthetic_type
from crabtrap.values import UnavailableError, Value

PRESENTER = std_presenter()


def circle() -> Value:
    """A reference to itself, as damaged memory may hold it."""
    loop = computed.of_view(synthetic_type("opaque", "&_"), PointerView("&", 8, lambda: loop))
    return loop


def test_layers_end_where_nothing_is_inside():
    assert list(each_layer(3, lambda number: number - 1 if number else None)) == [3, 2, 1, 0]


def test_layers_end_in_a_circle():
    assert len(list(each_layer("layer", lambda layer: layer))) == MAX_LAYERS
    assert len(list(indirection.layers(circle(), PRESENTER))) == MAX_LAYERS


def test_no_scalar_is_found_in_a_circle():
    with pytest.raises(UnavailableError, match="nested too deep"):
        indirection.scalar(circle(), PRESENTER)


def test_a_scalar_behind_references():
    number = computed.usize(7)
    behind = computed.reference(computed.reference(number))
    assert indirection.scalar(behind, PRESENTER).integer() == 7


def test_a_text_is_no_scalar():
    with pytest.raises(EvaluationError, match="&str is not a number, bool or char"):
        indirection.scalar(computed.reference(computed.text("a")), PRESENTER)
