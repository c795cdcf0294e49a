"""Reads messages: which rights, in which language, with which details; imports nothing of the desk."""

from __future__ import annotations

from intents.command import cli_classify, cli_evaluate, cli_train
from intents.labels import CONVERSATIONAL, RIGHTS
from intents.reader import Reader
from intents.reading import Intent, Reading

__all__ = [
    "CONVERSATIONAL",
    "RIGHTS",
    "Intent",
    "Reader",
    "Reading",
    "cli_classify",
    "cli_evaluate",
    "cli_train",
]
