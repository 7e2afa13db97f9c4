"""Writing a syntax tree as text that parses to the same tree."""

from __future__ import annotations

from typing import assert_never

from crabtrap.expr.syntax import nodes


def unparse(tree: nodes.Expression) -> str:  # noqa: C901, PLR0911, PLR0912 - one case per class
    """Write a tree as text that parses to the same tree.

    Example:
        >>> unparse(nodes.Unary("-", nodes.Literal("integer", 2, "i8")))
        '-2i8'
    """
    match tree:
        case nodes.Literal():
            return _literal(tree)
        case nodes.Path():
            return _path(tree)
        case nodes.Dollar(name):
            return f"${name}"
        case nodes.History(number, from_end):
            return f"$${number}" if from_end else f"${number}"
        case nodes.Unary(operator, operand):
            return f"{operator}{' ' if operator[1:] else ''}{_group(operand)}"
        case nodes.Binary(operator, left, right):
            return f"{_group(left)} {operator} {_group(right)}"
        case nodes.Cast(operand, type_):
            return f"{_group(operand)} as {type_}"
        case nodes.FieldAccess(base, name):
            number = isinstance(base, nodes.Literal) and base.kind in ("integer", "float")
            return f"({unparse(base)}).{name}" if number else f"{_group(base)}.{name}"
        case nodes.Index(base, index):
            return f"{_group(base)}[{unparse(index)}]"
        case nodes.RangeOf(start, end, inclusive):
            ends = ("" if part is None else _group(part) for part in (start, end))
            return ("..=" if inclusive else "..").join(ends)
        case nodes.Call(function, arguments):
            head = (
                f"({unparse(function)})"
                if isinstance(function, nodes.FieldAccess)
                else _group(function)
            )
            return f"{head}({_list(arguments)})"
        case nodes.MethodCall(receiver, name, arguments, generics):
            turbofish = f"::<{', '.join(generics)}>" if generics else ""
            return f"{_group(receiver)}.{name}{turbofish}({_list(arguments)})"
        case nodes.Closure():
            return _closure(tree)
        case nodes.TupleOf(items):
            return f"({_list(items)}{',' if len(items) == 1 else ''})"
        case nodes.ArrayOf(items):
            return f"[{_list(items)}]"
        case nodes.Repeat(item, count):
            return f"[{unparse(item)}; {unparse(count)}]"
        case nodes.StructOf(path, fields, base):
            inside = [f"{name}: {unparse(value)}" for name, value in fields]
            inside += [] if base is None else [f"..{unparse(base)}"]
            return f"{_path(path)} {{ {', '.join(inside)} }}"
        case nodes.Matches(operand, pattern, guard):
            condition = "" if guard is None else f" if {unparse(guard)}"
            return f"matches!({unparse(operand)}, {unparse_pattern(pattern)}{condition})"
        case nodes.VecOf(items):
            return f"vec!{unparse(items)}"
        case nodes.Format():
            return _format(tree)
        case nodes.Block():
            return _block(tree)
        case nodes.If(conditions, then, otherwise):
            tests = " && ".join(_condition(each) for each in conditions)
            rest = "" if otherwise is None else f" else {unparse(otherwise)}"
            return f"if {tests} {unparse(then)}{rest}"
        case nodes.Match(operand, arms):
            return f"match {_group(operand)} {{ {', '.join(map(_arm, arms))} }}"
        case nodes.Try(operand):
            return f"{_group(operand)}?"
        case nodes.Return(value):
            return "return" if value is None else f"return {unparse(value)}"
        case nodes.Assign(target, value, operator):
            return f"{_group(target)} {operator or ''}= {unparse(value)}"
        case unknown:
            assert_never(unknown)


def _closure(tree: nodes.Closure) -> str:
    types = tree.types or ("",) * len(tree.parameters)
    parameters = [
        _parameter(pattern) + (f": {type_}" if type_ else "")
        for pattern, type_ in zip(tree.parameters, types, strict=True)
    ]
    head = f"{'move ' * tree.moves}|{', '.join(parameters)}|"
    return (
        f"{head} -> {tree.result} {unparse(tree.body)}"
        if tree.result
        else (f"{head} {unparse(tree.body)}")
    )


def _block(tree: nodes.Block) -> str:
    parts = [f"{_statement(each)};" for each in tree.statements]
    parts += [] if tree.result is None else [unparse(tree.result)]
    return f"{{ {' '.join(parts)} }}" if parts else "{ }"


def _statement(tree: nodes.Let | nodes.Expression) -> str:
    if not isinstance(tree, nodes.Let):
        return unparse(tree)
    type_ = f": {tree.type}" if tree.type else ""
    otherwise = "" if tree.otherwise is None else f" else {_block(tree.otherwise)}"
    return f"let {unparse_pattern(tree.pattern)}{type_} = {unparse(tree.value)}{otherwise}"


def _condition(tree: nodes.Let | nodes.Expression) -> str:
    if isinstance(tree, nodes.Let):
        return f"let {unparse_pattern(tree.pattern)} = {_group(tree.value)}"
    return _group(tree)


def _arm(arm: nodes.Arm) -> str:
    guards = f" if {' && '.join(map(_condition, arm.guards))}" if arm.guards else ""
    return f"{unparse_pattern(arm.pattern)}{guards} => {unparse(arm.body)}"


def _format(tree: nodes.Format) -> str:
    template, arguments = "", ""
    for piece in tree.pieces:
        if isinstance(piece, str):
            template += "".join(c * 2 if c in "{}" else _quoted(c) for c in piece)
            continue
        argument, spec = piece
        arguments += f", {unparse(argument)}"
        width, precision = _count(spec.width), _count(spec.precision)
        shape = f"{spec.fill if spec.align else ''}{spec.align}{spec.sign}"
        shape += "#" * spec.alternate + "0" * spec.zero + width
        shape += f".{precision}" if precision else ""
        shape += spec.style
        template += f"{{:{shape}}}" if shape else "{}"
    return f'format!("{template}"{arguments})'


def _count(count: int | nodes.Expression | None) -> str:
    if count is None:
        return ""
    return str(count) if isinstance(count, int) else f"{unparse(count)}$"


def _list(items: tuple[nodes.Expression, ...]) -> str:
    return ", ".join(map(unparse, items))


def _group(tree: nodes.Expression) -> str:
    """An operand: in parentheses unless it is an atom."""
    atoms = (
        nodes.Path,
        nodes.Dollar,
        nodes.History,
        nodes.FieldAccess,
        nodes.Index,
        nodes.MethodCall,
        nodes.TupleOf,
        nodes.ArrayOf,
        nodes.Matches,
    )
    if isinstance(tree, atoms) or (isinstance(tree, nodes.Literal) and not _is_negative(tree)):
        return unparse(tree)
    return f"({unparse(tree)})"


def _is_negative(tree: nodes.Literal) -> bool:
    return isinstance(tree.value, int | float) and tree.value < 0


def _path(path: nodes.Path) -> str:
    parts = [f"<{path.owner}>"] if path.owner else []
    for segment in path.segments:
        generics = f"::<{', '.join(segment.arguments)}>" if segment.arguments else ""
        parts.append(segment.name + generics)
    return "::".join(parts)


def _literal(tree: nodes.Literal) -> str:
    value = tree.value
    match tree.kind:
        case "bool":
            return "true" if value else "false"
        case "char":
            return f"'{_quoted(str(value))}'"
        case "text":
            return f'"{_quoted(str(value))}"'
        case "byte":
            assert isinstance(value, int)  # as the parser promises
            return f"b'\\x{value:02x}'"
        case "bytes":
            assert isinstance(value, bytes)  # as the parser promises
            return 'b"' + "".join(f"\\x{byte:02x}" for byte in value) + '"'
        case "float":
            text = repr(value)
            return (text if any(mark in text for mark in ".e") else f"{text}.0") + tree.suffix
        case "integer":
            return f"{value}{tree.suffix}"


def _quoted(text: str) -> str:
    return "".join(
        char if char.isalnum() and char.isascii() else f"\\u{{{ord(char):x}}}" for char in text
    )


def unparse_pattern(pattern: nodes.Pattern) -> str:
    """Write a pattern as text that parses to the same pattern."""
    match pattern:
        case nodes.Wildcard():
            return "_"
        case nodes.Rest():
            return ".."
        case nodes.Bind(name, inner, mode):
            name = f"{mode} {name}" if mode else name
            return name if inner is None else f"{name} @ {_grouped_pattern(inner)}"
        case nodes.Equals(value):
            return unparse(value)
        case nodes.Between(start, end, inclusive):
            ends = ("" if part is None else unparse(part) for part in (start, end))
            return ("..=" if inclusive else "..").join(ends)
        case nodes.Constructor(path, items):
            head = "" if path is None else _path(path)
            return head if items is None else f"{head}({_items(items, path is None)})"
        case nodes.Fields(path, fields, rest):
            parts = [f"{name}: {unparse_pattern(inner)}" for name, inner in fields]
            return f"{_path(path)} {{ {', '.join(parts + ['..'] * rest)} }}"
        case nodes.SliceOf(items):
            return f"[{_items(items, False)}]"
        case nodes.Reference(inner):
            return f"&{_grouped_pattern(inner)}"
        case nodes.Either(options):
            return " | ".join(map(_grouped_pattern, options))
        case unknown:
            assert_never(unknown)


def _parameter(pattern: nodes.Pattern) -> str:
    text = unparse_pattern(pattern)
    return f"({text})" if isinstance(pattern, nodes.Either) else text


def _grouped_pattern(pattern: nodes.Pattern) -> str:
    text = unparse_pattern(pattern)
    return f"({text})" if isinstance(pattern, nodes.Either | nodes.Between | nodes.Bind) else text


def _items(items: tuple[nodes.Pattern, ...], is_tuple: bool) -> str:
    text = ", ".join(map(unparse_pattern, items))
    return f"{text}," if is_tuple and len(items) == 1 else text
