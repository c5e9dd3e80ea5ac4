"""A list with a reason why there may be more is a Partial, and nothing but logic/kleene.py folds such reasons by hand.

Each fold by hand is a place where a pass can come out of what was not read: a reason that is remembered while looping
must be raised afterwards, and one forgotten `raise` makes a list look complete.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PACKAGE: Final = Path(__file__).parents[2] / "dms_lint"
KLEENE: Final = PACKAGE / "logic" / "kleene.py"

NO_LIST: Final = {
    # The statements that decide are complete whatever is missing: they explain `allowed`, which is undecided then.
    "Decision",
    # Its spans are one address that may lie in several ranges, and `missing` says why nothing tells where it lies.
    "Flow",
}

_LOOPS: Final = (ast.For, ast.AsyncFor, ast.While)
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES: Final = (*_FUNCTIONS, ast.Lambda, ast.ClassDef)
_ASSIGNMENTS: Final = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)
_GROWING: Final = ("append", "extend", "insert", "add", "update", "setdefault")
_LISTS: Final = ("tuple", "list", "set", "frozenset", "Sequence", "Iterable", "Collection")
_QUESTIONS: Final = ("any", "all", "bool", "isinstance")


# -- the detector


def folds(tree: ast.AST) -> list[str]:
    """The hand-written folds of a module, each with its line and its form."""
    hits = [*_accumulations(tree), *_in_loops(tree), *_raises(tree), *_pairs(tree)]
    return [f"{line}: {form}" for line, form in sorted(set(hits))]


def _accumulations(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """`x = x or y`, wherever it stands, and `x |= y` of a truth value; of sets it is a union."""
    for node in ast.walk(tree):
        if isinstance(node, _ASSIGNMENTS) and isinstance(node.value, ast.BoolOp) and isinstance(node.value.op, ast.Or):
            targets = {ast.unparse(target) for target in _targets(node)}
            if targets & {ast.unparse(value) for value in node.value.values}:
                yield node.lineno, "a name accumulates by `or`"
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.BitOr) and _is_truth_value(node.value):
            yield node.lineno, "a name accumulates by `|=`"


def _is_truth_value(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return ast.unparse(value.func) in _QUESTIONS
    is_negation = isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not)
    return is_negation or isinstance(value, ast.Compare) or (isinstance(value, ast.Constant) and value.value in (0, 1))


def _in_loops(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """What is remembered from one turn of a loop to the next."""
    for loop in ast.walk(tree):
        if not isinstance(loop, _LOOPS):
            continue
        for node in _within(loop.body):
            if isinstance(node, ast.ExceptHandler) and _is_about_missing(node.type):
                yield from ((line, "`except Missing` in a loop remembers it") for line in _effects(node.body, loop))
            if isinstance(node, ast.If):
                yield from _in_branch(node, loop)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.IfExp) and _fills_in(node):
                yield node.lineno, "the first value that is not None is kept while looping"


def _in_branch(branch: ast.If, loop: ast.stmt) -> Iterator[tuple[int, str]]:
    for test, body in ((branch.test, branch.body), (ast.UnaryOp(ast.Not(), branch.test), branch.orelse)):
        if _asks_for_missing(test):
            yield from ((line, "`isinstance(..., Missing)` in a loop remembers it") for line in _effects(body, loop))
        for name in _asks_for_none(test):
            if name not in _bound_each_turn(loop):
                yield from (
                    (node.lineno, "the first value that is not None is kept while looping")
                    for node in _within(body)
                    if isinstance(node, _ASSIGNMENTS) and name in map(ast.unparse, _targets(node))
                    if _depends_on_turn(node, loop)
                )


def _raises(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """`raise x` of what no handler has caught, in a function with a loop."""
    for function in ast.walk(tree):
        if isinstance(function, _FUNCTIONS) and any(isinstance(node, _LOOPS) for node in _within(function.body)):
            caught = {
                (node, handler.name)
                for handler in _within(function.body)
                if isinstance(handler, ast.ExceptHandler)
                for node in _within(handler.body)
            }
            for node in _within(function.body):
                if isinstance(node, ast.Raise) and (name := _variable(node.exc)) and (node, name) not in caught:
                    yield node.lineno, "what a loop remembered is raised"


def _variable(raised: ast.expr | None) -> str | None:
    """The variable that is raised; None of a class and of anything that is made on the spot."""
    if isinstance(raised, ast.Call) and isinstance(raised.func, ast.Attribute) and raised.func.attr == "with_traceback":
        raised = raised.func.value
    return raised.id if isinstance(raised, ast.Name) and not raised.id[:1].isupper() else None


def _pairs(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """`tuple[..., Missing | None]`, also as a text, and classes of a list and a `Missing | None`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _is_pair(node):
            yield node.lineno, "a tuple of a value and `Missing | None`"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "Missing | None" in node.value:
            if any(isinstance(part, ast.Subscript) and _is_pair(part) for part in _parsed(node.value)):
                yield node.lineno, "a tuple of a value and `Missing | None`"
        elif isinstance(node, ast.ClassDef) and node.name not in NO_LIST and _is_named_tuple(node):
            fields = [field.annotation for field in node.body if isinstance(field, ast.AnnAssign)]
            if any(map(_may_be_missing, fields)) and any(map(_is_list, fields)):
                yield node.lineno, "a class of a list and `Missing | None`"


def _parsed(text: str) -> Iterator[ast.AST]:
    try:
        yield from ast.walk(ast.parse(text, mode="eval"))
    except SyntaxError:
        return


def _is_pair(node: ast.Subscript) -> bool:
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else []
    return ast.unparse(node.value) in ("tuple", "Tuple") and any(map(_may_be_missing, parts))


def _is_named_tuple(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).rpartition(".")[2] == "NamedTuple" for base in node.bases)


def _is_list(annotation: ast.expr) -> bool:
    return isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).rpartition(".")[2] in _LISTS


def _may_be_missing(annotation: ast.expr) -> bool:
    text = ast.unparse(annotation)
    return text in ("Missing | None", "None | Missing", "Optional[Missing]")


# -- its parts


def _within(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Every node of a body but those of functions and classes in it, which run at another time."""
    for node in body:
        yield node
        if not isinstance(node, _SCOPES):
            yield from _within(list(ast.iter_child_nodes(node)))


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        parts = [target.elts if isinstance(target, ast.Tuple | ast.List) else [target] for target in node.targets]
        return [target for targets in parts for target in targets]
    return [node.target] if isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) else []


def _effects(body: Sequence[ast.AST], loop: ast.stmt) -> Iterator[int]:
    """The lines that change what outlives the turn of a loop: an assignment, or something added to a collection."""
    for node in _within(body):
        if isinstance(node, _ASSIGNMENTS):
            if not {ast.unparse(target) for target in _targets(node)} <= _bound_each_turn(loop):
                yield node.lineno
        elif _grows(node) and ast.unparse(node.func.value) not in _bound_each_turn(loop):  # type: ignore[attr-defined]
            yield node.lineno  # type: ignore[attr-defined]


def _grows(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _GROWING


def _is_about_missing(node: ast.AST | None) -> bool:
    return node is not None and any(isinstance(part, ast.Name) and part.id == "Missing" for part in ast.walk(node))


def _asks_for_missing(test: ast.expr) -> bool:
    """Whether a test can hold only where something is Missing."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _is_not_missing(test.operand)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(map(_asks_for_missing, test.values))
    return isinstance(test, ast.Call) and ast.unparse(test.func) == "isinstance" and _is_about_missing(test.args[1])


def _is_not_missing(test: ast.expr) -> bool:
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and _asks_for_missing(test.operand)


def _asks_for_none(test: ast.expr) -> Iterator[str]:
    """The names of which a test asks whether they are None, or empty."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        for value in test.values:
            yield from _asks_for_none(value)
    elif (
        isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is) and ast.unparse(test.comparators[0]) == "None"
    ):
        yield ast.unparse(test.left)
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and isinstance(test.operand, ast.Name):
        yield test.operand.id
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and isinstance(test.operand, ast.Compare):
        compare = test.operand
        if isinstance(compare.ops[0], ast.IsNot) and ast.unparse(compare.comparators[0]) == "None":
            yield ast.unparse(compare.left)


def _fills_in(node: ast.Assign) -> bool:
    """`x = y if x is None else x`, or the other way about."""
    choice = node.value
    assert isinstance(choice, ast.IfExp)
    test = choice.test
    if not isinstance(test, ast.Compare) or ast.unparse(test.comparators[0]) != "None":
        return False
    unchanged = choice.orelse if isinstance(test.ops[0], ast.Is) else choice.body
    name = ast.unparse(test.left)
    return name == ast.unparse(unchanged) and name in map(ast.unparse, _targets(node))


def _bound_each_turn(loop: ast.stmt) -> set[str]:
    """The names that every turn of a loop binds anew, whatever happens in it: they remember nothing."""
    targets = [loop.target] if isinstance(loop, ast.For | ast.AsyncFor) else []
    pending = list(loop.body)  # type: ignore[attr-defined]
    for node in pending:
        targets += _targets(node)
        pending += node.body if isinstance(node, ast.Try | ast.With) else []
    parts = (target.elts if isinstance(target, ast.Tuple | ast.List) else [target] for target in targets)
    return {ast.unparse(target) for elements in parts for target in elements}


def _depends_on_turn(node: ast.AST, loop: ast.stmt) -> bool:
    """Whether what is assigned comes from the turn of a loop, and is not made once at its first."""
    nodes = list(_within([loop]))
    of_comprehensions = {
        part for node in nodes if isinstance(node, ast.comprehension) for part in ast.walk(node.target)
    }
    bound = {"Missing", *(node.name for node in nodes if isinstance(node, ast.ExceptHandler))}
    bound |= {
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in of_comprehensions
    }
    return any(isinstance(part, ast.Name) and part.id in bound for part in ast.walk(node.value))  # type: ignore[attr-defined]


# -- the law


def test_nothing_but_kleene_folds_by_hand() -> None:
    modules = [path for path in sorted(PACKAGE.rglob("*.py")) if path != KLEENE]
    hits = [
        f"{path.relative_to(PACKAGE.parent)}:{hit}" for path in modules for hit in folds(ast.parse(path.read_text()))
    ]
    assert hits == []


def test_kleene_folds_and_is_seen_to() -> None:
    assert folds(ast.parse(KLEENE.read_text()))


# -- the detector sees each form, whatever the names


@pytest.mark.parametrize(
    "line",
    [
        "quux = quux or blip",
        "quux = blip or quux",
        "quux = quux or blip or blop",
        "quux: int = quux or blip",
        "self.quux = self.quux or blip",
        "quux |= not blip",
        "quux |= any(blips)",
        "print(quux := quux or blip)",
    ],
)
@pytest.mark.parametrize("frame", ["{}", "for blip in blops:\n    {}", "def blop():\n    {}"])
def test_accumulating_by_or_is_seen(frame: str, line: str) -> None:
    assert len(folds(ast.parse(frame.format(line)))) == 1


@pytest.mark.parametrize(
    "lines",
    [
        ["if quux is None:", "    quux = blip"],
        ["if not quux:", "    quux = blip"],
        ["if blop and quux is None:", "    quux = blip"],
        ["if quux is not None:", "    pass", "else:", "    quux = blip"],
        ["quux = blip if quux is None else quux"],
        ["quux = quux if quux is not None else blip"],
    ],
)
@pytest.mark.parametrize(
    "frame",
    [
        ["for blip in blops:"],
        ["while blops:", "    blip = blops.pop()"],
        ["for blip in blops:", "    try:", "        print()", "    except KeyError as blip:"],
    ],
)
def test_keeping_the_first_value_of_a_loop_is_seen(frame: list[str], lines: list[str]) -> None:
    indent = " " * 8 if "try" in "".join(frame) else " " * 4
    assert len(folds(ast.parse("\n".join([*frame, *(indent + line for line in lines)])))) == 1


@pytest.mark.parametrize("effect", ["quux = blip", "quux, blop = blip, 1", "quux.append(blip)", "quux[blip] = blop"])
@pytest.mark.parametrize("kind", ["Missing", "(KeyError, Missing)", "model.kinds or Missing"])
def test_remembering_in_except_missing_is_seen(kind: str, effect: str) -> None:
    source = f"for blop in blops:\n    try:\n        print(blop)\n    except {kind} as blip:\n        {effect}"
    assert len(folds(ast.parse(source))) == 1


@pytest.mark.parametrize("effect", ["quux = blip", "quux: str = blip", "quux.append(blip)", "quux[blip] = blop"])
@pytest.mark.parametrize(
    "test",
    [
        "if isinstance(blip, Missing):\n        {}",
        "if isinstance(blip, (Missing, Blop)):\n        {}",
        "if quux and isinstance(blip, Missing):\n        {}",
        "if not isinstance(blip, Missing):\n        pass\n    else:\n        {}",
        "if blop:\n        pass\n    elif isinstance(blip, Missing):\n        {}",
    ],
)
def test_remembering_what_is_missing_in_a_loop_is_seen(test: str, effect: str) -> None:
    assert len(folds(ast.parse(f"for blip in blops:\n    {test.format(effect)}"))) == 1


def test_two_ways_to_remember_do_not_hide_each_other() -> None:
    source = (
        "for blip in blops:\n    try:\n        if quux is None:\n            quux = blip\n"
        "    except Missing as error:\n        quux = error"
    )
    assert len(folds(ast.parse(source))) == 2


@pytest.mark.parametrize("line", ["raise quux", "raise quux.with_traceback(None)", "raise quux from None"])
def test_raising_what_a_loop_remembered_is_seen(line: str) -> None:
    source = f"def blop(quux):\n    for blip in quux:\n        print(blip)\n    if quux:\n        {line}"
    assert len(folds(ast.parse(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "def blop() -> tuple[tuple[str, ...], Missing | None]: ...",
        "def blop() -> tuple[list[str], None | Missing]: ...",
        "def blop(quux: tuple[Missing | None, str]) -> None: ...",
        "def blop() -> 'tuple[str, Missing | None]': ...",
        "Quux = tuple[int, Missing | None]",
        "class Blop(NamedTuple):\n    quux: tuple[int, ...]\n    blip: Missing | None = None",
        "class Blop(typing.NamedTuple):\n    blip: Missing | None\n    quux: list[int]",
    ],
)
def test_a_list_paired_with_missing_is_seen(source: str) -> None:
    assert len(folds(ast.parse(source))) == 1


# -- and nothing else


@pytest.mark.parametrize(
    "source",
    [
        "quux = blip or blop",
        "quux |= {blip}",
        "quux |= set(blips)",
        "quux |= blips",
        "quux += blip",
        "if quux is None:\n    quux = blip",
        "for blip in blops:\n    quux = table.get(blip)\n    if quux is None:\n        quux = blip",
        "for blip in blops:\n    if blip is None:\n        blip = 1",
        "for blip in blops:\n    quux = blip if blip is None else quux",
        "for blip in blops:\n    def blop():\n        if quux is None:\n            quux = blip",
        "try:\n    print()\nexcept Missing as blip:\n    quux = blip",
        "for blip in blops:\n    try:\n        print()\n    except KeyError as error:\n        quux = error",
        "for blip in blops:\n    try:\n        print()\n    except Missing:\n        continue",
        "for blip in blops:\n    try:\n        quux = f()\n    except Missing:\n        quux = 1",
        "for blip in blops:\n    if quux is None:\n        quux = f()",
        "for blip in blops:\n    if isinstance(blip, Missing):\n        yield blip",
        "for blip in blops:\n    if not isinstance(blip, Missing):\n        quux.append(blip)",
        "for blip in blops:\n    if isinstance(blip, Blop):\n        quux = blip",
        "def blop():\n    raise quux",
        "def blop():\n    for blip in blops:\n        raise KeyError",
        "def blop():\n    for blip in blops:\n        raise Blop(blip)",
        "def blop():\n    for blip in blops:\n        try:\n            print()\n        except Blop as error:\n"
        "            raise error",
        "def blop() -> tuple[str, Resource | None]: ...",
        "def blop() -> Missing | None: ...",
        "def blop() -> tuple[str | Missing, ...]: ...",
        "class Blop(NamedTuple):\n    quux: str\n    blip: Missing | None",
        "class Blop(NamedTuple):\n    quux: tuple[str, ...]\n    blip: str | None",
    ],
)
def test_innocent_code_is_let_through(source: str) -> None:
    assert folds(ast.parse(source)) == []
