"""Which sentences of letters and packages cannot be written, because the settings do not say what is so."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.config import Catalogue, Settings
from assistant.domain.countries import is_outside_eea


def unwritten(settings: Settings) -> Iterator[str]:
    """Name each key that is empty, the sentence that wants it, and what is said instead."""
    for language in settings.controller.languages:
        if not getattr(settings.controller.automated_decisions, language):
            yield (
                f"controller.automated_decisions.{language}: is empty; an answer about access cannot say whether decisions "
                "are made by machines alone (GDPR 15(1)(h)), and says that a person tells on request."
            )
        yield from _catalogue(settings, language)
    if not settings.periods.backup_days:
        yield (
            "periods.backup_days: is 0; an answer about an erasure cannot say when backups are replaced, "
            "and says that they may still hold the data until then."
        )


def _catalogue(settings: Settings, language: str) -> Iterator[str]:
    known = settings.catalogue
    tables = [table for mapped in settings.maps.values() for table in mapped.tables]
    without = sorted({t.category for t in tables if not t.keep and not _period(known, t.category, language)})
    if without:
        yield (
            f"categories.*.period_{language}: is empty for {', '.join(without)}; a copy cannot say how long these data are "
            "kept (GDPR 15(1)(d)), and says that they are kept while their use needs them."
        )
    abroad = sorted(
        name
        for name, recipient in known.recipients.items()
        if is_outside_eea(recipient.country) and not getattr(recipient, f"safeguards_{language}")
    )
    if abroad:
        yield (
            f"recipients.*.safeguards_{language}: is empty for {', '.join(abroad)}; a copy cannot say what protects "
            "these data outside the European Economic Area (GDPR 15(2)), and says that it is not recorded."
        )


def _period(known: Catalogue, category: str, language: str) -> str:
    described = known.categories.get(category)
    return str(getattr(described, f"period_{language}", ""))
