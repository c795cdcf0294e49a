"""The page of `assistant evaluate`: figures, plots and the worst errors, in one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from intents.evaluate import Judged, errors
from intents.labels import NONE, RIGHTS

_SHOWN: Final = 40
_WIDE, _HIGH = 520, 260
_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1b2430;--soft:#52606d;--line:#d5dbe3;--paper:#fff;--mark:#1d4f8c;--bad:#a11d1d}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf2;--soft:#a9b4c2;--line:#3a4553;--paper:#12161d;--mark:#9cc4ff;--bad:#ff9d9d}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:2rem auto;max-width:72rem;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}th,td{border-bottom:1px solid var(--line);padding:.3rem .6rem;text-align:left}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}caption{text-align:left;color:var(--soft)}
.scroll{overflow-x:auto}svg{max-width:100%;height:auto}svg text{fill:var(--ink);font:13px system-ui,sans-serif}
.bar{fill:var(--mark)}.axis{fill:none;stroke:var(--line)}.curve{fill:none;stroke:var(--mark);stroke-width:2}.here{fill:var(--bad)}
"""


def page(name: str, figures: Mapping[str, Any], cases: Sequence[Judged], ask: float) -> str:
    """Write the page for the figures of a file; `ask` is the threshold in use."""
    parts = [
        f"<h1>How messages are read: {escape(name)}</h1>",
        _table("Figures", ["figure", "value"], [(key, _said(value)) for key, value in _plain(figures)]),
        _bars("Rights F1 by right", figures["f1_by_right"]),
        _bars("Messages not missed, by language", _kept(figures["by_language"])),
        _curve(cases, ask),
        _groups("By language", figures["by_language"]),
        _groups("By register", figures["by_register"]),
        _confusion(figures["confusion"]),
        _table(
            f"The worst {_SHOWN} errors",
            ["what", "score", "language", "labelled", "read", "message"],
            [
                (
                    e.what,
                    f"{e.case.evidence:.2f}",
                    e.case.row.language,
                    _names(e.case.row.labels),
                    _names(e.case.found),
                    e.case.row.text[:300],
                )
                for e in errors(cases)[:_SHOWN]
            ],
        ),
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(name)}: how messages are read</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _plain(figures: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(key, value) for key, value in figures.items() if not isinstance(value, Mapping)]


def _said(value: Any) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _names(labels: frozenset[str]) -> str:
    return ", ".join(sorted(labels)) or NONE


def _kept(groups: Mapping[str, Mapping[str, Any]]) -> dict[str, float | None]:
    return {name: None if g["missed"] is None else 1 - g["missed"] for name, g in groups.items()}


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return (
        f'<h2>{escape(caption)}</h2><div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _groups(caption: str, groups: Mapping[str, Mapping[str, Any]]) -> str:
    heads = ["rows", "with_a_right", "missed", "false_opening_easy", "false_opening_hard"]
    heads += ["needless_question_easy", "needless_question_hard", "rights_f1", "exact_match"]
    rows = [(name, *(_said(group[head]) for head in heads)) for name, group in groups.items()]
    return _table(caption, ["group", *(head.replace("_", " ") for head in heads)], rows)


def _confusion(found: Mapping[str, Mapping[str, int]]) -> str:
    names = [*RIGHTS, NONE]
    rows = [(name, *(str(found.get(name, {}).get(other, "")) for other in names)) for name in names]
    return _table("Labelled (down), read (across)", ["label", *names], rows)


def _bars(caption: str, values: Mapping[str, float | None]) -> str:
    step, left, room = 26, 170, 280
    drawn = []
    for at, (name, value) in enumerate(values.items()):
        y, width = at * step, (value or 0) * room
        drawn.append(
            f'<text x="{left - 8}" y="{y + 17}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="bar" x="{left}" y="{y + 4}" width="{width:.1f}" height="18"/>'
            f'<text x="{left + width + 6:.1f}" y="{y + 17}">{"no data" if value is None else f"{value:.3f}"}</text>'
        )
    high = step * len(values)
    return (
        f'<h2>{escape(caption)}</h2><svg viewBox="0 0 {_WIDE} {high}" width="{_WIDE}" role="img" '
        f'aria-label="{escape(caption)}">{"".join(drawn)}</svg>'
    )


def _curve(cases: Sequence[Judged], ask: float) -> str:
    """Plot what asking more readily costs: missed requests against needless questions and openings."""
    right = sorted(case.evidence for case in cases if case.row.labels)
    other = sorted(case.evidence for case in cases if not case.row.labels)
    if not right or not other:
        return ""
    caption = "Missed requests (up) against messages asked about or opened for nothing (right), per threshold"
    thresholds = [step / 100 for step in range(101)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (_point(right, other, t) for t in thresholds))
    x, y = _point(right, other, ask)
    return (
        f'<h2>Where the threshold stands</h2><svg viewBox="0 0 {_WIDE} {_HIGH + 40}" width="{_WIDE}" role="img" aria-label="{caption}">'
        f'<path class="axis" d="M40 10V{_HIGH}H{_WIDE - 10}"/><polyline class="curve" points="{line}"/>'
        f'<circle class="here" cx="{x:.1f}" cy="{y:.1f}" r="5"/><text x="{x + 9:.1f}" y="{y - 7:.1f}">ask = {ask}</text>'
        f'<text x="0" y="20">30 %</text><text x="10" y="{_HIGH}">0</text>'
        f'<text x="{_WIDE - 10}" y="{_HIGH + 18}" text-anchor="end">30 %</text></svg><p>{caption}.</p>'
    )


def _point(right: Sequence[float], other: Sequence[float], threshold: float) -> tuple[float, float]:
    missed = sum(score < threshold for score in right) / len(right)
    needless = sum(score >= threshold for score in other) / len(other)
    across, up = min(needless / 0.3, 1.0), min(missed / 0.3, 1.0)
    return 40 + across * (_WIDE - 50), _HIGH - up * (_HIGH - 10)
