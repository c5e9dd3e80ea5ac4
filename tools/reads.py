"""Writes dms_lint/facts/reads.json: the kinds of resources that each fact may ask the inventory for.

python -m tools.reads            write
python -m tools.reads --check    exit with 1 when the file is not what would be written

The kinds are read from the syntax trees of all functions that a fact calls or mentions, in whatever branch.  Where a
call computes its kind, its function declares the kinds with `@reads(...)`.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.aws.kinds import KINDS
from dms_lint.aws.responses import shapes_of
from dms_lint.facts import FACTS, READS_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

ASKS: Final = ("known", "all", "listed", "find", "about", "index", "refusal")
"""The methods of the inventory that take a kind, or an operation, as their first argument."""
KIND_PARAMETERS: Final = ("kind", "kinds")
"""The parameters by which a function at the top of a module takes the kinds that it asks for from its callers."""
_UNFOLLOWED: Final = ("dms_lint.inventory", "dms_lint.model")
"""What the inventory itself reads on the way to an answer is not asked by the fact."""

Name = tuple[str, str]
"""A module, and a name that it defines."""


class UndeclaredKinds(Exception):
    """A call to the inventory whose kind only its run can tell, in a function that declares none."""


class Source(NamedTuple):
    """A module by its syntax tree."""

    name: str
    imports: Mapping[str, Name]
    """By name, the module that it is imported from and its name there ('' for the module itself)."""
    definitions: Mapping[str, Sequence[ast.stmt]]
    """The statements at the top of the module that define a name."""


class Ask(NamedTuple):
    """A call to the inventory, or to a function that takes a kind for it; or the mention of either."""

    line: int
    callee: str
    kinds: Sequence[ast.expr]
    """The arguments that are kinds; empty where the call itself is not in sight."""
    around: tuple[ast.AST, ...]
    """What it stands in, the outermost first."""


def written() -> str:
    """The file as it should be."""
    table = {fact: sorted(kinds) for fact, kinds in sorted(declared().items())}
    return "{\n" + ",\n".join(f"  {json.dumps(fact)}: {json.dumps(kinds)}" for fact, kinds in table.items()) + "\n}\n"


def declared() -> dict[str, set[str]]:
    """By fact, every kind that a function it calls or mentions asks for.  Raises UndeclaredKinds."""
    return {
        fact.name: {kind for name in reachable(roots(fact.derive)) for kind in kinds_asked(name)}
        for fact in FACTS.values()
    }


def roots(derive: Any) -> Iterator[Name]:
    """The names at the top of their modules that a function came from, with the functions that it was made of."""
    if isinstance(derive, partial):
        for part in (derive.func, *derive.args, *derive.keywords.values()):
            yield from roots(part) if callable(part) else ()
        return
    derive = inspect.unwrap(derive)
    yield derive.__module__, derive.__qualname__.partition(".")[0]
    for cell in derive.__closure__ or ():
        if callable(cell.cell_contents):
            yield from roots(cell.cell_contents)


def reachable(names: Iterable[Name]) -> set[Name]:
    """These names and all that they mention, and so on."""
    reached: set[Name] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            pending += mentions(name)
    return reached


@cache
def source(module: str) -> Source:
    """A module of dms_lint by its name."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    definitions: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        for name in _names_defined(statement):
            definitions.setdefault(name, []).append(statement)
    return Source(module, dict(_imports(tree)), definitions)


def _names_defined(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _imports(tree: ast.Module) -> Iterator[tuple[str, Name]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("dms_lint"):
            for alias in node.names:
                within = f"{node.module}.{alias.name}"
                target = (within, "") if _is_module(within) else (node.module, alias.name)
                yield alias.asname or alias.name, target


@cache
def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@cache
def mentions(name: Name) -> tuple[Name, ...]:
    """The names of dms_lint that a definition mentions, wherever in it; annotations do not count."""
    module, top = name
    if module.startswith(_UNFOLLOWED):
        return ()
    tree = source(module)
    if top in tree.imports and top not in tree.definitions:
        return (tree.imports[top],)
    return tuple(
        mentioned
        for statement in tree.definitions.get(top, ())
        for node in _expressions(statement)
        for mentioned in _named_by(node, tree)
    )


def _named_by(node: ast.AST, tree: Source) -> Iterator[Name]:
    if isinstance(node, ast.Name):
        if node.id in tree.definitions:
            yield tree.name, node.id
        elif tree.imports.get(node.id, ("", ""))[1]:
            yield tree.imports[node.id]
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        module, name = tree.imports.get(node.value.id, ("", ""))
        if module and not name:
            yield module, node.attr


def _expressions(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all within it, but for annotations."""
    yield node
    for field, value in ast.iter_fields(node):
        if field not in ("annotation", "returns"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _expressions(child)


@cache
def kinds_asked(name: Name) -> frozenset[str]:
    """The kinds that a definition asks for: by its calls, and as it declares.  Raises UndeclaredKinds."""
    module, _ = name
    if module.startswith(_UNFOLLOWED):
        return frozenset()
    return frozenset(kind for ask in asks(name) for kind in (*_kinds_of(ask, module), *_declared(ask, module)))


def asks(name: Name) -> Iterator[Ask]:
    """Every call to the inventory within a definition, those too that are only prepared: `partial(inventory.all, ...)`.

    And every call to a function with a parameter `kind` or `kinds`, which asks on behalf of its caller.
    """
    module, top = name
    for statement in source(module).definitions.get(top, ()):
        yield from _asks(statement, (), source(module))


def _asks(node: ast.AST, around: tuple[ast.AST, ...], tree: Source) -> Iterator[Ask]:
    position = _position_of_kind(node, around, tree)
    if position is not None:
        assert isinstance(node, ast.expr)
        yield Ask(node.lineno, ast.unparse(node), list(_kinds_given(node, around[-1], position)), around)
    for child in ast.iter_child_nodes(node):
        yield from _asks(child, (*around, node), tree)


def _position_of_kind(node: ast.AST, around: tuple[ast.AST, ...], tree: Source) -> slice | None:
    """Which arguments of a function are kinds; None for any other expression."""
    if isinstance(node, ast.Attribute) and node.attr in ASKS and _is_inventory(node.value):
        return slice(0, 1)
    if isinstance(node, ast.Name) and any(True for _ in _bindings(node.id, around)):
        return None
    for module, name in _named_by(node, tree):
        for statement in () if module.startswith(_UNFOLLOWED) else source(module).definitions.get(name, ()):
            if isinstance(statement, ast.FunctionDef) and (position := _kind_parameter(statement.args)):
                return position
    return None


def _kind_parameter(parameters: ast.arguments) -> slice | None:
    """Which arguments go to the parameter `kind` or `kinds`; None where there is none."""
    names = [parameter.arg for parameter in (*parameters.posonlyargs, *parameters.args)]
    for name in KIND_PARAMETERS:
        if name in names:
            return slice(names.index(name), names.index(name) + 1)
        if any(parameter.arg == name for parameter in parameters.kwonlyargs):
            return slice(0, 0)
    return slice(len(names), None) if parameters.vararg and parameters.vararg.arg in KIND_PARAMETERS else None


def _is_inventory(node: ast.expr) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name == "inventory"


def _kinds_given(node: ast.expr, call: ast.AST, position: slice) -> Iterator[ast.expr]:
    """The arguments that are kinds in a call of a function, or where it stands among the arguments of another call."""
    if not isinstance(call, ast.Call):
        return
    arguments = call.args[call.args.index(node) + 1 :] if node in call.args else call.args
    yield from (argument.value if isinstance(argument, ast.Starred) else argument for argument in arguments[position])
    yield from (keyword.value for keyword in call.keywords if keyword.arg in KIND_PARAMETERS)


def _kinds_of(ask: Ask, module: str) -> Iterable[str]:
    values = _united(_texts(kind, ask, module) for kind in ask.kinds) if ask.kinds else None
    if values is None:
        if _declared(ask, module):
            return ()
        raise UndeclaredKinds(
            f"{module}:{ask.line}: {ask.callee} computes its kind: declare the kinds with @reads(...)"
        )
    if ask.callee.endswith(".refusal"):
        return [shape.kind for operation in values for shape in shapes_of(operation)]
    # A parameter may be called `kind` and be of another sort: the type of a VPC endpoint.
    return [value for value in values if value in KINDS]


def _declared(ask: Ask, module: str) -> tuple[str, ...]:
    """What `@reads(...)` on a function around a call says."""
    return tuple(
        kind
        for node in ask.around
        for decorator in (node.decorator_list if isinstance(node, ast.FunctionDef) else ())
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "reads"
        for kind in eval(ast.unparse(ast.Tuple(decorator.args, ast.Load())), vars(import_module(module)))
    )


def _texts(node: ast.expr | None, ask: Ask, module: str) -> list[str] | None:
    """The texts that an expression may be, as literals, constants and loops over them say; None for all else."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return _united(_texts(part, ask, module) for part in parts)
        case ast.Subscript(value=ast.Tuple() as alternatives):
            return _texts(alternatives, ask, module)
        case ast.IfExp():
            return _united(_texts(part, ask, module) for part in (node.body, node.orelse))
        case ast.Name(id=name):
            bindings = list(_bindings(name, ask.around))
            return _united(_texts(value, ask, module) for value in bindings) if bindings else _constant(name, module)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            imported, within = source(module).imports.get(name, ("", ""))
            return _constant(attribute, imported) if imported and not within else None
    return None


def _united(parts: Iterable[list[str] | None]) -> list[str] | None:
    texts: list[str] = []
    for part in parts:
        if part is None:
            return None
        texts += part
    return texts


def _bindings(name: str, around: tuple[ast.AST, ...]) -> Iterator[ast.expr | None]:
    """What a name is bound to in the function around a call; None for what only its run can tell.

    Nothing for the parameter `kind` or `kinds` of a function at the top of its module, since the callers say it.
    """
    function = next((node for node in around if isinstance(node, (ast.FunctionDef, ast.Lambda))), None)
    mapped: list[ast.Lambda] = []
    for node in ast.walk(function) if function else ():
        match node:
            case ast.Call(args=[values, ast.Lambda(args=ast.arguments(args=[ast.arg(arg=bound)])) as each]):
                # `collect(KINDS, lambda kind: ...)`
                mapped.append(each)
                yield from [values] if bound == name else []
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                yield from _bound(name, target, value)
            case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
                yield from _bound(name, target, value)
            case ast.FunctionDef(args=parameters) if name in _names_of(parameters):
                yield ast.Tuple([], ast.Load()) if node is around[0] and name in KIND_PARAMETERS else None
            case ast.Lambda(args=parameters) if name in _names_of(parameters) and node not in mapped:
                yield None


def _names_of(parameters: ast.arguments) -> set[str]:
    return {node.arg for node in ast.walk(parameters) if isinstance(node, ast.arg)}


def _bound(name: str, target: ast.expr, value: ast.expr) -> Iterator[ast.expr | None]:
    """The value for a target that is this name; None for a target that holds it among others."""
    if isinstance(target, ast.Name):
        yield from [value] if target.id == name else []
        return
    for part in ast.walk(target):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and part.id == name:
            yield None


def _constant(name: str, module: str) -> list[str] | None:
    """The texts in a constant of a module."""
    constant = getattr(import_module(module), name, None)
    values = [constant] if isinstance(constant, str) else constant
    return list(values) if isinstance(values, (list, tuple, frozenset, dict)) else None


def main() -> None:
    """Write the file, or say that it is stale."""
    text = written()
    if "--check" not in sys.argv[1:]:
        READS_FILE.write_text(text, encoding="utf-8")
    elif not READS_FILE.exists() or READS_FILE.read_text(encoding="utf-8") != text:
        sys.exit("dms_lint/facts/reads.json is stale: run `make docs`")


if __name__ == "__main__":
    main()
