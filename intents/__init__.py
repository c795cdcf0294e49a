"""Reads messages: which rights, in which language, with which details; imports nothing of the desk."""

from __future__ import annotations

from intents.beside import for_support
from intents.command import cli_classify, cli_evaluate, cli_train, learn
from intents.examples import Example as Learned
from intents.examples import NotLabelled
from intents.labels import CONVERSATIONAL, NONE, RIGHTS
from intents.others import Mention, others_in
from intents.pseudonyms import pseudonymised
from intents.reader import Reader
from intents.reading import Intent, Reading

__all__ = [
    "CONVERSATIONAL",
    "NONE",
    "RIGHTS",
    "Intent",
    "Learned",
    "Mention",
    "NotLabelled",
    "Reader",
    "Reading",
    "cli_classify",
    "cli_evaluate",
    "cli_train",
    "for_support",
    "learn",
    "others_in",
    "pseudonymised",
]
