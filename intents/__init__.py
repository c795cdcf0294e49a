"""Reads messages: which rights, in which language, with which details; imports nothing of the desk."""

from __future__ import annotations

from intents.beside import for_support
from intents.command import cli_classify, cli_evaluate, cli_train, learn
from intents.examples import Example as Learned
from intents.examples import NotLabelled
from intents.labels import ASK, CONVERSATIONAL, NONE, REQUEST, RIGHTS
from intents.others import Mention, others_in
from intents.policy import Asked, Question, asked_of_policy, is_of_privacy, kinds_named
from intents.pseudonyms import pseudonymised
from intents.reader import Reader
from intents.reading import Intent, Reading

__all__ = [
    "ASK",
    "CONVERSATIONAL",
    "NONE",
    "REQUEST",
    "RIGHTS",
    "Asked",
    "Intent",
    "Learned",
    "Mention",
    "NotLabelled",
    "Question",
    "Reader",
    "Reading",
    "asked_of_policy",
    "cli_classify",
    "cli_evaluate",
    "cli_train",
    "for_support",
    "is_of_privacy",
    "kinds_named",
    "learn",
    "others_in",
    "pseudonymised",
]
