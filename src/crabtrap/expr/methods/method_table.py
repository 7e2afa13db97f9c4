"""Calls of methods: the entry that the check of types has found, or that the view allows.

Where types are not known, as of crates' types that rules show, a method is looked up on the
value, then on what it derefs to, as Rust does.
"""

from __future__ import annotations

from crabtrap.expr import indirection
from crabtrap.expr.methods.invocation import Evaluation, Invocation
from crabtrap.expr.methods.std_methods import std_methods
from crabtrap.expr.methods.table import FAMILIES, Entry
from crabtrap.expr.own_places import Variable, receiver_place
from crabtrap.expr.scope import EvaluationError, WouldRunError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.typing.deref import is_handle
from crabtrap.expr.typing.terms import Term
from crabtrap.expr.typing.typing_result import CallTyping
from crabtrap.present.view import (
    InvalidView,
    LiteralView,
    MapView,
    PointerView,
    RangeView,
    RecordView,
    ScalarView,
    SequenceView,
    TextView,
    View,
    WrapperView,
)
from crabtrap.values import Char, Synthetic, Value


class NoMethodError(WouldRunError):
    """Neither the receiver nor what it derefs to has such a built-in method."""


_OPTIONS = frozenset(("Some", "None", "Ok", "Err"))
_SEQUENCES = frozenset(("slice", "Vec", "array", "VecDeque", "LinkedList", "BinaryHeap"))
_TEXTS = frozenset(("str", "String", "Path", "PathBuf", "OsStr", "OsString", "CStr", "CString"))
_WRAPPERS = frozenset(("Cell", "RefCell", "Mutex", "RwLock", "OnceCell", "OnceLock", "Weak"))
_COUNTED = frozenset(("Rc", "Arc"))
_ITERATED = (SequenceView, MapView, TextView, RangeView, RecordView)


def accepts(owner: str, view: View) -> bool:  # noqa: PLR0911 - one case per family of types
    """Whether a value with this view can be the receiver of a method of ``owner``."""
    if owner in _SEQUENCES:
        return isinstance(view, SequenceView | TextView)
    if owner in _TEXTS:
        return isinstance(view, TextView)
    if owner in ("HashMap", "BTreeMap"):
        return isinstance(view, MapView)
    if owner in ("HashSet", "BTreeSet"):
        return isinstance(view, SequenceView)
    if owner in ("Option", "Result"):
        return isinstance(view, RecordView) and view.name in _OPTIONS
    if owner.startswith("Range"):
        return isinstance(view, RangeView)
    if owner == "Iter":
        return isinstance(view, _ITERATED)
    if owner in _WRAPPERS or owner in _COUNTED:
        return isinstance(view, WrapperView) and view.name == owner
    if owner in ("*const", "*mut"):
        return isinstance(view, PointerView | SequenceView)
    if owner in ("Duration", "Instant"):
        return isinstance(view, LiteralView)
    return True


def owners_of(  # noqa: C901, PLR0911, PLR0912 - one case per view
    view: View,
) -> tuple[str, ...]:
    """The types whose methods a value with this view has, where only the view is known."""
    match view:
        case TextView(kind="bytes"):
            return ("slice", "Iter")
        case TextView():
            return ("str", "String", "Path", "Iter")
        case SequenceView(is_set=True):
            return ("BTreeSet", "Iter")
        case SequenceView():
            return ("slice", "Vec", "VecDeque", "LinkedList", "BinaryHeap", "Iter")
        case MapView():
            return ("BTreeMap", "HashMap")
        case RecordView(name) if name in ("Some", "None"):
            return ("Option",)
        case RecordView(name) if name in ("Ok", "Err"):
            return ("Result",)
        case ScalarView(value):
            return _scalar_owners(value)
        case RangeView():
            return ("RangeInclusive", "Iter")
        case WrapperView(name):
            return (name,)
        case LiteralView():
            return ("Duration",)
        case PointerView():
            return ("*const",)
        case _:
            return ()


def _scalar_owners(value: Value) -> tuple[str, ...]:
    number = value.valid()
    if isinstance(number, Char):
        return ("char",)
    shape = value.shape
    if shape.kind == "enum":
        return ("Ordering",)
    name = {"{integer}": "i32", "{float}": "f64"}.get(shape.row.name, shape.row.name)
    return (name, "Atomic", "NonZero")


def call_typed(evaluator: Evaluation, tree: nodes.MethodCall, typing: CallTyping) -> Value:
    """Evaluate a method call that the check of types has resolved."""
    receiver = evaluator.value(tree.receiver)
    return run_entry(evaluator, tree, typing, receiver, evaluated(evaluator, tree, typing))


def evaluated(
    evaluator: Evaluation, tree: nodes.MethodCall, typing: CallTyping
) -> tuple[Value | None, ...]:
    """The arguments of a call, in their order and whether they are used or not.

    Functions among them are ``None``.
    """
    return tuple(
        None if parameter.name == "fn" else evaluator.value(argument)
        for argument, parameter in zip(tree.arguments, typing.parameters, strict=True)
    )


def run_entry(
    evaluator: Evaluation,
    tree: nodes.MethodCall,
    typing: CallTyping,
    receiver: Value,
    given: tuple[Value | None, ...] | None,
) -> Value:
    """Run a method on a receiver; ``given`` are arguments that are values already."""
    entry = typing.entry
    owner = "" if entry.header in FAMILIES else entry.owner_name
    if not entry.signature.receiver:
        view = evaluator.presenter.view(receiver)
        return entry.method(Invocation(evaluator, tree, receiver, view, typing, given))
    place = None
    if entry.signature.receiver == "&mut self":
        place = receiver_place(evaluator, tree.receiver, receiver)
        if place is None and entry.changes and _is_temporary(evaluator, tree.receiver):
            place = Variable({"": receiver}, "")
        receiver = receiver if place is None else place.read()
    if owner == "Self":
        seen, view = evaluator.comparer.look_through(receiver)
        return entry.method(Invocation(evaluator, tree, seen, view, typing, given))
    for layer in indirection.layers(receiver, evaluator.presenter):
        view = evaluator.presenter.view(layer)
        if accepts(owner, view):
            return entry.method(Invocation(evaluator, tree, layer, view, typing, given, place))
    raise EvaluationError(f"{receiver.type.name} is not shown as a {typing.owner}", tree.span)


def _is_temporary(evaluator: Evaluation, tree: nodes.Expression) -> bool:
    """Whether an expression gives a value of its own, that nothing else refers to."""
    return isinstance(
        tree, nodes.MethodCall | nodes.Call | nodes.VecOf | nodes.ArrayOf | nodes.Block
    ) and not is_handle(evaluator.term(tree))


def call_method(evaluator: Evaluation, tree: nodes.MethodCall) -> Value:
    """Evaluate ``receiver.name(arguments)`` by the receiver's view.

    Raises:
        NoMethodError: It would run the program, which may not be run.
        EvaluationError: Its arguments do not fit.
    """
    receiver = evaluator.value(tree.receiver)
    for layer in indirection.layers(receiver, evaluator.presenter):
        found = _run_own(evaluator, layer, tree)
        if found is not None:
            return found
        view = evaluator.presenter.view(layer)
        entry = _entry_of(evaluator, view, tree)
        if entry is not None:
            return entry.method(Invocation(evaluator, tree, layer, view))
        found = _run_method(evaluator, layer, tree)
        if found is not None:
            return found
    everywhere = [e for e in std_methods().of_every_type(tree.name) if e.signature.receiver]
    if everywhere:
        seen, view = evaluator.comparer.look_through(receiver)
        return everywhere[0].method(Invocation(evaluator, tree, seen, view))
    raise _no_method(evaluator, receiver, tree)


def _entry_of(evaluator: Evaluation, view: View, tree: nodes.MethodCall) -> Entry | None:
    for owner in owners_of(view):
        for entry in std_methods().find(Term(owner), tree.name):
            if entry.changes:
                continue  # the program may have it
            if entry.signature.receiver:
                return entry
    return None


def _missing_part(evaluator: Evaluation, receiver: Value) -> str:
    """Which field of a value cannot be had, so that no rule shows what the value is."""
    if isinstance(receiver.location, Synthetic) or receiver.shape.kind != "struct":
        return ""
    fields = () if receiver.shape.cases is not None else receiver.fields()
    for name, inner in fields:
        view = evaluator.presenter.view(inner)
        if isinstance(view, InvalidView):
            return f"{name} is {view.text}"
    return ""


def _no_method(evaluator: Evaluation, receiver: Value, tree: nodes.MethodCall) -> NoMethodError:
    missing = _missing_part(evaluator, receiver)
    if missing:
        return NoMethodError(f"in `{receiver.type.name}`, {missing}", tree.span)
    if evaluator.caller is not None:
        owner = receiver.type.name.removeprefix("&").removeprefix("mut ")
        error = evaluator.caller.missing(f"{owner}::{tree.name}")
        return NoMethodError(str(error), tree.span, hint=error.hint)
    for layer in indirection.layers(receiver, evaluator.presenter):
        own = evaluator.own_method(layer.type, tree.name)
        if own is not None:
            name = layer.type.name
            return NoMethodError(
                f"`{tree.name}` of `{name}` would run the program's own {own}", tree.span
            )
    return NoMethodError(
        f"no method named `{tree.name}` found for type `{receiver.type.name}` that works without "
        "running the program",
        tree.span,
        hint="",
    )


def _run_own(evaluator: Evaluation, layer: Value, tree: nodes.MethodCall) -> Value | None:
    """Call the program's method of one of the program's own types."""
    if layer.type.table is None or layer.shape.is_std or layer.is_pointer:
        return None
    return _run_method(evaluator, layer, tree)


def _run_method(evaluator: Evaluation, layer: Value, tree: nodes.MethodCall) -> Value | None:
    """Call a method of the program; ``None`` where it has none or may not be run."""
    if evaluator.caller is None:
        return None
    return evaluator.caller.call_method(
        layer, tree.name, lambda: [evaluator.value(each) for each in tree.arguments]
    )
