"""Habits that the house does without, found by reading the code."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from assistant.store import rows

ROOT = Path(__file__).parents[2]
PRODUCT = ("assistant", "handlers", "intents")
BROAD_EXCEPTS_AT_MOST = 13
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "core", "manager", "misc"}

Finder = Callable[[ast.AST], bool]


def modules(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def speaks_to_the_terminal(path: Path) -> bool:
    inside = path.relative_to(ROOT).parts
    return inside[1] in {"cli.py", "cli", "__main__.py"} or inside[:2] in {
        ("tests", "benchmarks"),
        ("tests", "mutate"),
    }


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_bytes())))


def found(paths: list[Path], is_banned: Finder) -> list[str]:
    assert paths
    return [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        for path in paths
        for node in nodes(path)
        if is_banned(node)
    ]


def is_print(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"


def is_naive_time(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    if node.func.attr in {"now", "fromtimestamp"}:
        zones = len(node.args) + len(node.keywords) - (node.func.attr == "fromtimestamp")
        return is_datetime(node.func.value) and zones == 0
    return node.func.attr in {"utcnow", "utcfromtimestamp", "today"} and is_datetime(node.func.value)


def is_datetime(node: ast.AST) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
    return name in {"datetime", "date"}


def takes_a_mail_unwaited(node: ast.AST) -> bool:
    """Tell what takes one out of the mails there are: one that is still on its way fails the test now and then."""
    if isinstance(node, ast.Assign):
        one = len(node.targets) == 1 and isinstance(node.targets[0], ast.Tuple | ast.List)
        return one and is_picked_from_mails(node.value)
    if isinstance(node, ast.Subscript):
        return is_picked_from_mails(node.value)
    is_next = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "next"
    return is_next and isinstance(node, ast.Call) and any(map(is_picked_from_mails, node.args))


def is_picked_from_mails(node: ast.AST) -> bool:
    looped = node.generators[0].iter if isinstance(node, ast.ListComp | ast.GeneratorExp) else node
    return (
        isinstance(looped, ast.Call)
        and isinstance(looped.func, ast.Attribute)
        and looped.func.attr == "mails"
    )


def imports_an_authenticator(node: ast.AST) -> bool:
    """Tell what could make a code by the clock: one that another test used before is refused now and then."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "pyotp"
    return isinstance(node, ast.Import) and any(name.name == "pyotp" for name in node.names)


def asks_a_session(node: ast.AST) -> bool:
    """Tell what reads or writes tables by itself; to pass a session on to whoever may is another thing."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    asked = node.func.value
    return (asked.attr if isinstance(asked, ast.Attribute) else getattr(asked, "id", None)) == "session"


def makes_or_changes_a_row(node: ast.AST) -> bool:
    """Tell what makes a row, or sets what may be a field of one; a turn of the conversation is none."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in rows.__all__
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    changed = (each.value for each in targets if isinstance(each, ast.Attribute))
    return any(getattr(whose, "id", None) not in {"self", "turn"} for whose in changed)


def is_broad(handler: ast.AST) -> bool:
    if not isinstance(handler, ast.ExceptHandler):
        return False
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(each is None or getattr(each, "id", None) in {"Exception", "BaseException"} for each in caught)


def broad_excepts() -> Iterator[tuple[str, str]]:
    for place in found(modules(*PRODUCT), is_broad):
        name, line = place.rsplit(":", 1)
        yield place, (ROOT / name).read_text(encoding="utf-8").splitlines()[int(line) - 1]


def test_nothing_is_global() -> None:
    assert found(modules(*PRODUCT, "tests"), lambda node: isinstance(node, ast.Global)) == []


def test_only_the_command_line_prints() -> None:
    silent = [path for path in modules(*PRODUCT, "tests") if not speaks_to_the_terminal(path)]
    assert found(silent, is_print) == []


def test_no_instant_without_a_zone() -> None:
    assert found(modules(*PRODUCT, "tests"), is_naive_time) == []


def test_every_mail_that_a_test_reads_is_waited_for() -> None:
    assert found(modules("tests"), takes_a_mail_unwaited) == []


def test_only_an_agent_of_a_tests_own_asks_an_authenticator() -> None:
    asked = {place.rpartition(":")[0] for place in found(modules("tests"), imports_an_authenticator)}
    assert asked == {"tests/doubles/agents.py"}


def test_pages_and_jobs_ask_queries_and_have_casework_write() -> None:
    """Rows are passed on to them by name (store/rows.py), so what an import contract cannot see is looked for here."""
    only_read = [*modules("assistant/web"), ROOT / "assistant" / "jobs.py"]
    assert found(only_read, lambda node: asks_a_session(node) or makes_or_changes_a_row(node)) == []


def test_every_broad_except_says_why() -> None:
    assert [place for place, line in broad_excepts() if "# broad: " not in line] == []


def test_broad_excepts_stay_few() -> None:
    places = [place for place, _ in broad_excepts()]
    assert len(places) <= BROAD_EXCEPTS_AT_MOST, places


def test_no_module_is_named_after_nothing() -> None:
    names = {path.relative_to(ROOT).with_suffix("") for path in modules(*PRODUCT, "tests")}
    assert [name for name in names if EMPTY_NAMES.intersection(name.parts)] == []


@pytest.mark.parametrize(
    ("code", "is_banned"),
    [
        ("print(1)", is_print),
        ("datetime.now()", is_naive_time),
        ("datetime.datetime.now()", is_naive_time),
        ("datetime.utcnow()", is_naive_time),
        ("date.today()", is_naive_time),
        ("datetime.fromtimestamp(0)", is_naive_time),
        ("next(m for m in desk.mails(to) if ref in m)", takes_a_mail_unwaited),
        ("(one,) = [m for m in desk.mails(to) if ref in m]", takes_a_mail_unwaited),
        ("desk.mails(to)[0]", takes_a_mail_unwaited),
        ("unit.session.add(row)", asks_a_session),
        ("session.get(PrivacyRequest, ref)", asks_a_session),
        ("Message(text='')", makes_or_changes_a_row),
        ("request.status = after", makes_or_changes_a_row),
        ("row.attempts += 1", makes_or_changes_a_row),
        ("found.row.state = after", makes_or_changes_a_row),
        ("import pyotp", imports_an_authenticator),
        ("from pyotp import TOTP", imports_an_authenticator),
        ("try:\n  f()\nexcept Exception:\n  pass", is_broad),
        ("try:\n  f()\nexcept (ValueError, BaseException):\n  pass", is_broad),
        ("try:\n  f()\nexcept:\n  pass", is_broad),
    ],
)
def test_the_checks_see_what_they_look_for(code: str, is_banned: Finder) -> None:
    assert any(is_banned(node) for node in ast.walk(ast.parse(code)))


@pytest.mark.parametrize(
    ("code", "is_banned"),
    [
        ("console.print(1)", is_print),
        ("len([m for m in desk.mails(to) if ref in m])", takes_a_mail_unwaited),
        ("(one,) = people", takes_a_mail_unwaited),
        ("datetime.now(UTC)", is_naive_time),
        ("datetime.now(tz=UTC)", is_naive_time),
        ("datetime.fromtimestamp(0, UTC)", is_naive_time),
        ("clock.now()", is_naive_time),
        ("queries.requests_in(unit.session, ident)", asks_a_session),
        ("turn.text = self.text = text", makes_or_changes_a_row),
        ("found[request.ref] = request", makes_or_changes_a_row),
        ("def f(message: Message): ...", makes_or_changes_a_row),
        ("try:\n  f()\nexcept ValueError:\n  pass", is_broad),
    ],
)
def test_the_checks_leave_the_rest_alone(code: str, is_banned: Finder) -> None:
    assert not any(is_banned(node) for node in ast.walk(ast.parse(code)))
