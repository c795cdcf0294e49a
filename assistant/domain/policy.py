"""What a privacy policy is asked about; the settings name the clause of each."""

from __future__ import annotations

from enum import StrEnum


class Topic(StrEnum):
    """A topic of the policy, as Article 13 of the GDPR has them told."""

    DATA = "data"
    PURPOSES = "purposes"
    BASIS = "basis"
    RETENTION = "retention"
    RECIPIENTS = "recipients"
    TRANSFERS = "transfers"
    ORIGIN = "origin"
    MACHINES = "machines"  # decisions by machines alone
    CONTACT = "contact"  # who is responsible, and the data protection officer
    RIGHTS = "rights"
    USING = "using"  # what it costs to use a right, how long an answer takes, and what proves who asks
    AUTHORITY = "authority"
    SELF_SERVICE = "self_service"  # where to see and change data oneself
    COOKIES = "cookies"
    SECURITY = "security"
    HOSTED = "hosted"  # what customers keep on what they rent
    CHANGES = "changes"  # of the policy itself
    WHERE = "where"  # the policy stands
