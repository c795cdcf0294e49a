"""What every kind of source needs to say what stays under a retention rule, and until when."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from assistant.domain.plan import Keep
from assistant.domain.retention import RetentionRule, kept_until

if TYPE_CHECKING:
    from collections.abc import Mapping

REDACTED: Final = "[redacted]"
_LONGEST_PERIOD = 200 * 366  # days


@dataclass(frozen=True)
class Retention:
    """The rules that the settings know, and the controller's financial year."""

    rules: Mapping[str, RetentionRule]
    financial_year_end: tuple[int, int] = (12, 31)  # month, day

    def until(self, rule: RetentionRule, event_on: date) -> date:
        """Give the last day on which it must still be kept; a day at the end of time has no later one."""
        try:
            return kept_until(rule, event_on, self.financial_year_end)
        except (OverflowError, ValueError):
            return date.max

    def first_kept(self, rule: RetentionRule, today: date) -> date:
        """Give the earliest day whose events must still be kept today."""
        days = range(max(1, today.toordinal() - _LONGEST_PERIOD), today.toordinal() + 1)
        index = bisect_left(days, x=True, key=lambda day: self.until(rule, date.fromordinal(day)) >= today)
        return date.fromordinal(days[0] + index)

    def keep(self, what: Keep, days: Mapping[date | None, int]) -> Keep:
        """Complete what stays by its days: how many rows of which year, and until when; None is a day nobody knows."""
        rule = self.rules[what.rule]
        numbers: dict[int, int] = defaultdict(int)
        untils: dict[int, date] = defaultdict(lambda: date.min)
        for event_on, number in days.items():
            if event_on is not None:
                numbers[event_on.year] += number
                untils[event_on.year] = max(untils[event_on.year], self.until(rule, event_on))
        return Keep(
            what.source,
            what.table,
            what.category,
            sum(days.values()),
            what.columns,
            what.rule,
            f"{rule.law}, {rule.article}",
            None if None in days else max(untils.values()),
            tuple((year, numbers[year], untils[year]) for year in sorted(numbers)),
        )
