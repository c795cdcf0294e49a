"""A mistake in a settings file or a map is told by the names its reader wrote, never by pydantic's numbers."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

import assistant.demo
from assistant.config import Catalogue, Settings
from assistant.domain.data_map import DataMap
from assistant.domain.http_map import HttpMap
from assistant.domain.manual_map import ManualMap
from assistant.domain.mistakes import one_line
from assistant.sources.http.blocks import block

CLIENT_AREA = (Path(assistant.demo.__file__).parent / "client-area.toml").read_text("utf-8")
PYDANTIC = re.compile(r"\[[a-z_']|\.\d+\b|\.(str|int|bool|dict|Flag|Call|Change|Erasing)\b")

WRONG = [
    (DataMap, 'erase = "delete"', 'erase = "delte"', ["tables.client_profiles.erase: ", "'delete'", "dict"]),
    (
        DataMap,
        'phone = { how = "null" }',
        'phone = { how = "nul" }',
        ["tables.clients.erase.phone.how: ", "'null'"],
    ),
    (
        DataMap,
        'identity = { email = ["email"]',
        'identity = { email = ["email", 7]',
        ["tables.clients.identity.email.#2: "],
    ),
    (
        DataMap,
        '{ column = "billing_email", own = false }',
        '{ column = "billing_email", own = "perhaps" }',
        ["tables.clients.contacts.billing_email.own: ", "boolean"],
    ),
    (
        DataMap,
        '{ column = "email", changed = ',
        '{ column = "email", chnaged = ',
        ["tables.clients.contacts.email.chnaged: unknown key; did you mean 'changed'?"],
    ),
    (
        DataMap,
        'to = "clients", references = ["id"]',
        'to = "clients"',
        ["tables.client_profiles.link.clients.references: ", "required"],
    ),
    (DataMap, 'category = "contact"', "", ["tables.clients.category: ", "required"]),
    (
        DataMap,
        'marketing = { column = "marketing_opt_in", value = false }',
        'marketing = { column = "marketing_opt_in" }',
        ["tables.clients.stop.marketing.value: ", "required"],
    ),
    (HttpMap, 'name = "', 'nmae = "', ["tables.#1.nmae: unknown key; did you mean 'name'?"]),
    (ManualMap, "remind_days = 5", "remind_days = 90", ["remind_days: ", "30"]),
    (Catalogue, "years = 7", 'years = "seven"', ["retention.accounting.years: ", "integer"]),
    (Catalogue, "years = 7", "years = 0", ["retention.accounting: ", "give a period"]),
    (Catalogue, 'notify = "privacy@', 'notify = "', ["recipients.datacentre.notify: ", "e-mail address"]),
    (Settings, "port = 8080", 'port = "many"', ["server.port: ", "integer"]),
    (Settings, 'kind = "own_records"', 'kind = "own"', ["sources.privacy-desk.kind: ", "'own_records'"]),
]
MANUAL = 'name = "files"\nlook_up = {en = "a", fr = "b"}\nremind_days = 5\ncategory = "c"\npurpose = "p"\n'
SOURCES: dict[type[BaseModel], str] = {
    DataMap: CLIENT_AREA,
    HttpMap: block("stripe"),
    ManualMap: MANUAL,
    Catalogue: (Path(assistant.demo.__file__).parent / "catalogue.toml").read_text("utf-8"),
    Settings: (Path(__file__).parents[3] / "config.toml").read_text("utf-8"),
}


@pytest.mark.parametrize(
    ("model", "old", "new", "said"), WRONG, ids=[f"{w[0].__name__}-{w[2]}" for w in WRONG]
)
def test_a_mistake_is_told_by_table_and_column(
    model: type[BaseModel], old: str, new: str, said: list[str]
) -> None:
    right = SOURCES[model]
    assert old in right
    raw = tomllib.loads(right.replace(old, new, 1))

    with pytest.raises(ValidationError) as caught:
        model.model_validate(raw)
    line = one_line(caught.value, model, raw)

    assert "\n" not in line
    assert PYDANTIC.search(line.partition(": ")[0]) is None, line
    for words in said:
        assert words in line, line
