"""Every expression that reads what a stranger wrote, and texts made from each to slow it down.

Nothing here is written by hand: the expressions are found in the modules, the texts by walking what each one
repeats, what stands before that, and what would have to follow.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice, product
from pathlib import Path
from re import _constants as ops  # type: ignore[attr-defined] # no stubs: what `re` itself is made of
from re import _parser  # type: ignore[attr-defined] # the same
from types import ModuleType
from typing import Any, Final

import intents
from assistant.channels.email import quoting
from assistant.channels.email.markup import text_of
from assistant.domain.masking import mask_text
from assistant.domain.reference import parse_references
from intents import Reader, others_in, pseudonymised, tables
from intents.cleaning import legible, sentences
from intents.rectifying import change_in

PACKAGES: Final = ("intents", "handlers", "assistant")
# What the operator writes (maps, schemas), what the desk wrote itself, and the sample company: no stranger's text.
NO_STRANGERS: Final = re.compile(
    r"assistant\.(?:demo|sources|store|disclosure|cli|app|config|replies\.(?!typed))|intents\.(?:examples|evaluat|training)"
)
_METHODS: Final = ("search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split")
_AT_ITS_START: Final = frozenset({"match", "fullmatch"})
# What cleans, and what is given cells of a database.
_GIVEN_RAW: Final = frozenset({"intents.cleaning", "intents.others"})
LINEAR: Final = 3.0  # twice the length, and what a busy machine adds; a square takes four times
_NEXT_TO_NONE: Final = 0.004  # seconds
_SHORTEST: Final = 1_000
_LONGEST: Final = 8_000
_TRIES: Final = 4
_GIVEN_SENTENCES: Final = frozenset({"intents.clauses", "intents.negated", "intents.wishes"})
ALONE: Final = "(a row)"
ENOUGH: Final = 48  # texts an expression
_FEW_WAYS: Final = 5  # samples of what is repeated
_MANY_WAYS: Final = 200
_IN_A_ROW: Final = 24  # of what can be taken in two ways: sixteen million tries
_MANY: Final = 9  # a repeat of fewer is no loop
_ODD: Final = "\x01"  # what ends a run and fits nothing
_CLASSES: Final = {
    ops.CATEGORY_DIGIT: "0",
    ops.CATEGORY_NOT_DIGIT: "a",
    ops.CATEGORY_SPACE: " ",
    ops.CATEGORY_NOT_SPACE: "a",
    ops.CATEGORY_WORD: "a",
    ops.CATEGORY_NOT_WORD: " ",
}
_NO_WORDS: Final = frozenset({"misspellings", "small_talk", "thresholds"})  # tables of no expressions
_USUAL: Final = "a 0.,-A\n\u7684"  # tried where a class takes nearly anything


@dataclass(frozen=True)
class Expression:
    """An expression, where it stands, and whether it is only tried where a text begins."""

    where: str
    pattern: re.Pattern[Any]
    at_start: str | None = None

    def read(self, text: str) -> None:
        """Have it read what of a text gets there: the reader cleans a message before anything looks for words in it."""
        module = self.where.rpartition(".")[0]
        if module in _GIVEN_SENTENCES:
            for sentence in sentences(legible(text)):
                self._run(sentence)
        else:
            self._run(legible(text) if module.startswith("intents.") and module not in _GIVEN_RAW else text)

    def _run(self, text: str) -> None:
        subject: Any = text.encode("utf-8", "replace") if isinstance(self.pattern.pattern, bytes) else text
        if self.at_start:
            getattr(self.pattern, self.at_start)(subject)
        else:
            for _ in self.pattern.finditer(subject):
                pass


# ── the expressions ─────────────────────────────────────────────────────────────────────────────────


@cache
def expressions() -> tuple[Expression, ...]:
    """List every expression that may meet a stranger's text, each once."""
    found: dict[tuple[Any, int, str | None], Expression] = {}
    for module in _modules():
        for each in (*_named(module), *_built(module), *_inline(module)):
            found.setdefault((each.pattern.pattern, each.pattern.flags, each.at_start), each)
    for each in _of_tables():
        found.setdefault((each.pattern.pattern, each.pattern.flags, each.at_start), each)
    return (*found.values(), *_alone(found.values()))


def _of_tables() -> Iterator[Expression]:
    """Give what the reader puts together from whole tables, and from each of their rows."""
    for file in (table.stem for table in _tables()):
        for table, rows in tables.tables(file).items():
            made = [partial(tables.any_in, file, table)]
            made += [partial(tables.any_in_row, file, table, row) for row in rows]
            for each in made:
                with suppress(
                    KeyError, TypeError, re.error
                ):  # words that others are made of, and rows of rows
                    yield Expression(f"intents.{file}.{table}", each()._pattern)


def _alone(found: Iterable[Expression]) -> Iterator[Expression]:
    """Give each row of the reader's tables that stands in no expression found: what is put together at a call."""
    written = [str(each.pattern.pattern) for each in found]
    for table in _tables():
        for row in _rows(tomllib.loads(table.read_text("utf-8"))):
            names_others = re.search(r"\{[A-Z_]+\}|<[a-z_]+>", row)
            if not names_others and not any(row in each for each in written):
                yield Expression(f"intents.{table.stem}.{ALONE}", re.compile(row))


def _tables() -> list[Path]:
    return [
        path for path in sorted(Path(intents.__file__).parent.glob("*.toml")) if path.stem not in _NO_WORDS
    ]


def _rows(value: Any) -> Iterator[str]:
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, str) and isinstance(value, list):
            yield each
        elif isinstance(each, dict | list):
            yield from _rows(each)


def _modules() -> Iterator[ModuleType]:
    for package in map(importlib.import_module, PACKAGES):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not (NO_STRANGERS.match(found.name) or found.name.endswith("__main__")):
                yield importlib.import_module(found.name)


def _named(module: ModuleType) -> Iterator[Expression]:
    source = inspect.getsource(module)
    for name, value in vars(module).items():
        for pattern in _patterns(value):
            used = set(re.findall(rf"\b{name}\.(\w+)\(", source))
            mentions = len(re.findall(rf"\b{name}\b", source))
            alone = (
                len(used) == 1
                and used <= _AT_ITS_START
                and mentions == 1 + len(re.findall(rf"\b{name}\.\w+\(", source))
            )
            yield Expression(f"{module.__name__}.{name}", pattern, used.pop() if alone else None)


def _patterns(value: Any) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _patterns(each)


def _built(module: ModuleType) -> Iterator[Expression]:
    """Give what is compiled at its first use, from tables: every function of the module that gives an expression."""
    for name, made in vars(module).items():
        if not hasattr(made, "cache_parameters") or made.__module__ != module.__name__:
            continue
        if "Pattern" in str(inspect.signature(made).return_annotation):
            for pattern in _patterns(list(_calls(made, len(inspect.signature(made).parameters)))):
                yield Expression(f"{module.__name__}.{name}", pattern)


def _calls(made: Callable[..., Any], parameters: int) -> Iterator[Any]:
    for arguments in product(_keys(), repeat=parameters):
        try:
            yield made(*arguments)
        except (KeyError, TypeError, AttributeError, OSError, re.error):
            continue  # a table of another file, or of words alone


@cache
def _keys() -> tuple[str, ...]:
    found: list[str] = []
    for table in _tables():
        for name, rows_of in tomllib.loads(table.read_text("utf-8")).items():
            is_words = all(isinstance(row, str) for row in rows_of.values())
            found += [*([] if is_words else [name]), *rows_of, *(f"{name}.{row}" for row in rows_of)]
    return tuple(dict.fromkeys(found))


def _inline(module: ModuleType) -> Iterator[Expression]:
    """Give what stands in the middle of a function, as far as it is made of what the module holds."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _METHODS
            and ast.unparse(node.func.value) == "re"
        ):
            try:
                written = eval(ast.unparse(node.args[0]), vars(module))  # noqa: S307 - our own source
            except NameError:
                continue  # made of what a call is given; what is built from data has a function of its own
            written_flags = [keyword.value for keyword in node.keywords if keyword.arg == "flags"]
            flags = eval(ast.unparse(written_flags[0]), vars(module)) if written_flags else 0  # noqa: S307 - the same
            at_start = node.func.attr if node.func.attr in _AT_ITS_START else None
            yield Expression(f"{module.__name__}:{node.lineno}", re.compile(written, flags), at_start)


# ── the texts ───────────────────────────────────────────────────────────────────────────────────────


def hostile_texts(pattern: re.Pattern[Any], most: int = ENOUGH) -> Iterator[Hostile]:
    """Give texts made to keep an expression busy, each to be had in any length; the likeliest first."""
    made = list(islice((unit for unit in dict.fromkeys(_units(pattern)) if unit.loop), ENOUGH))
    first, others = made[: most // 2], made[most // 2 :]
    return iter([*first, *others[:: max(1, 2 * len(others) // most)]])


def short_texts(pattern: re.Pattern[Any]) -> Iterator[str]:
    """Give what takes for ever though it is short, where a repeat can take one text in two ways: each way of each of its bodies."""
    tree = _parser.parse(*_written(pattern))
    for before, bodies, _ in _repeats(tree, "", _MANY_WAYS):
        for body in dict.fromkeys(bodies):
            yield Hostile(before, body).text(len(before) + 1 + _IN_A_ROW * len(body))


@dataclass(frozen=True)
class Hostile:
    """What comes before, what is repeated, and what ends it."""

    before: str
    loop: str
    after: str = _ODD

    def text(self, length: int) -> str:
        """Give the text in about a length."""
        times = max(1, (length - len(self.before) - len(self.after)) // len(self.loop))
        return f"{self.before}{self.loop * times}{self.after}"


def _units(pattern: re.Pattern[Any]) -> Iterator[Hostile]:
    tree = _parser.parse(*_written(pattern))
    repeats = list(_repeats(tree, "", _FEW_WAYS))
    for before, bodies, after in repeats:  # one long run, begun once or again and again
        yield Hostile("", before)
        for body in bodies:
            yield Hostile(before, body)
            yield Hostile("", before + body)
        if after:
            yield Hostile("", before + bodies[0] * 2 + after[:-1])
    whole = list(islice(_samples(tree), 4))
    for sample in whole:
        yield Hostile("", sample)
        yield Hostile("", f"{sample} ")
        yield Hostile("", sample[:-1])
    signs = dict.fromkeys([*(body for _, bodies, _ in repeats for body in bodies), *"a 0.的\n"])
    for sign in signs:
        yield Hostile("", sign)
    for first, second in product(islice(signs, 5), repeat=2):
        yield Hostile("", first + second)


def _written(pattern: re.Pattern[Any]) -> tuple[str, int]:
    """Give an expression as it is parsed again, and its flags."""
    if isinstance(pattern.pattern, bytes):
        return pattern.pattern.decode("latin-1"), pattern.flags & ~(re.UNICODE | re.DEBUG)
    return pattern.pattern, pattern.flags & ~re.DEBUG


def _repeats(
    tree: Iterable[Any], before: str, ways: int, around: str = ""
) -> Iterator[tuple[str, list[str], str]]:
    """Give every repeat: what leads to it, what it repeats, what would have to follow.

    It may also repeat what a repeat around it begins with: then no sign says where the one ends and the other goes on.
    """
    items = list(tree)
    for at, (op, argument) in enumerate(items):
        if op in {ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT}:
            _, most, body = argument
            if most >= _MANY:
                after = "".join(_first_of([item]) for item in items[at + 1 :])
                bodies = [b for b in islice(_samples(body), ways) if b] or ["a"]
                yield before, list(dict.fromkeys([*bodies, *([around] if around else [])])), after
            yield from _repeats(body, before, ways, _first_of(body)[:1] if most > 1 else around)
        for inside in _insides(op, argument):
            yield from _repeats(inside, before, ways, around)
        before += _first_of([(op, argument)])


def _insides(op: Any, argument: Any) -> list[Any]:
    if op is ops.SUBPATTERN:
        return [argument[-1]]
    if op is ops.BRANCH:
        return list(argument[1])
    if op is ops.ATOMIC_GROUP:
        return [argument]
    if op in {ops.ASSERT, ops.ASSERT_NOT}:
        return [argument[1]]
    return []


def _first_of(items: Any) -> str:
    return next(_samples(items), "")


def _samples(items: Iterable[Any]) -> Iterator[str]:
    """Give texts that an expression fits: the plainest first, then one part varied at a time."""
    parts = [list(islice(_samples_of(op, argument), 5)) or [""] for op, argument in items]
    yield "".join(part[0] for part in parts)
    for at, part in enumerate(parts):
        for other in part[1:]:
            yield "".join(p[0] if n != at else other for n, p in enumerate(parts))


def _samples_of(op: Any, argument: Any) -> Iterator[str]:  # noqa: C901 - one case a kind of part
    if op is ops.LITERAL:
        yield chr(argument)
    elif op is ops.NOT_LITERAL:
        yield from (sign for sign in _USUAL if sign != chr(argument))
    elif op is ops.ANY:
        yield from _USUAL
    elif op is ops.IN:
        yield from _of_class(argument)
    elif op in {ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT}:
        least, most, body = argument
        for sample in _samples(body):
            yield sample * max(least, min(1, most)) if least else sample
        if not least:
            yield ""
    elif op is ops.BRANCH:
        for branch in argument[1]:
            yield _first_of(branch)
    elif op in {ops.SUBPATTERN, ops.ATOMIC_GROUP}:
        yield from _samples(_insides(op, argument)[0])


def _of_class(members: list[Any]) -> Iterator[str]:
    if members[0][0] is ops.NEGATE:
        outside = set(_members(members[1:]))
        yield from (sign for sign in _USUAL if sign not in outside)
    else:
        yield from islice(dict.fromkeys(_members(members)), 5)
        if any(op is ops.CATEGORY and what is ops.CATEGORY_WORD for op, what in members):
            yield "\u7684"


def _members(members: list[Any]) -> Iterator[str]:
    for op, what in members:
        if op is ops.LITERAL:
            yield chr(what)
        elif op is ops.RANGE:
            yield chr(what[0])
        elif op is ops.CATEGORY:
            yield _CLASSES[what]
            if what is ops.CATEGORY_SPACE:
                yield "\n"


# ── how the time grows ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Growth:
    """How long a text took that was twice as long as another, and how many times longer."""

    what: str
    hostile: Hostile
    length: int
    seconds: float
    ratio: float

    def __str__(self) -> str:
        unit = f"{self.hostile.before[-30:]!r} + {self.hostile.loop[:40]!r} * n + {self.hostile.after!r}"
        return f"{self.what}: {self.ratio:.1f} times for twice {self.length}, {1000 * self.seconds:.1f} ms: {unit}"


def grown(what: str, run: Callable[[str], object], hostile: Hostile) -> Growth | None:
    """Tell how the time of a text grows where it is twice as long; None where it takes next to none.

    In the time of this thread, the best of several: other programs lengthen it, nothing shortens it. A first
    doubt is looked at again.
    """
    length, seconds = _SHORTEST, _seconds(run, hostile.text(_SHORTEST))
    while seconds < _NEXT_TO_NONE:
        if length >= _LONGEST:
            return None
        length *= 4
        seconds = _seconds(run, hostile.text(length))
    short, long = hostile.text(length), hostile.text(2 * length)
    doubled = _seconds(run, long)
    for _ in range(_TRIES):
        if doubled <= LINEAR * seconds:
            break
        seconds, doubled = min(seconds, _seconds(run, short)), min(doubled, _seconds(run, long))
    return Growth(what, hostile, length, doubled, doubled / seconds)


def _seconds(run: Callable[[str], object], text: str) -> float:
    began = time.thread_time()
    run(text)
    return time.thread_time() - began


# ── whole functions ─────────────────────────────────────────────────────────────────────────────────

_REPEATED: Final = (
    "\u7684", "\u8bf7\u5220\u9664\u6211\u7684\u6570\u636e\u3002", "e\u0301", "A1/2-3/", "invoice A1/2-3/ ", "> > ", ">", "> a\n",
    ". ", "a. ", "!?", "\u00ab a ", '" ', "supprimer", "a@b.example ", "a@b.example,", "a@", "<a ", "<a href=", "<!--",
    "<script>", "class =", "&amp;", "www.a.", "0 ", "Boris Petrov ", "A b C d ", " ", " \n", "\t", "\u200b", "a\u0430",
    "actually no. ", "don't delete my account and ", "my name is wrong it should be Anna not Ana. ", "if you don't ",
)  # fmt: skip


def whole_texts() -> list[Hostile]:
    """Give what is slow for a loop and not for one expression: signs, words and wishes again and again."""
    return [
        *(Hostile("", loop) for loop in _REPEATED),
        Hostile("", f"<a {'name = ' * 280}>"),
        Hostile("&#", "9"),
    ]


def whole_functions() -> dict[str, Callable[[str], object]]:
    """Give what takes a stranger's text as it came."""
    reader = Reader.load()
    reader.read("Please erase my data. Effacez mes donn\u00e9es.")
    return {
        "Reader.read": reader.read,
        "change_in": change_in,
        "others_in": lambda text: others_in(text, frozenset()),
        "pseudonymised": pseudonymised,
        "text_of": text_of,
        "own_words": lambda text: quoting.own_words(text, answers=True),
        "mask_text": mask_text,
        "parse_references": parse_references,
    }
