"""Passwords and keys in an outgoing post: by the prefixes that their issuers document, and by what people call them.

A finding never repeats what was found; it says what it looks like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from playbooks.labels import Verdict
from playbooks.policy.finding import Finding, PolicyReason, found

#: What each looks like, as its issuer describes it.
_KEYS: Final = {
    "a private key": r"-----BEGIN (?:[A-Z]{1,20} ){0,3}PRIVATE KEY",
    "an AWS access key": r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{60,})",
    "a GitLab token": r"\bglpat-[\w-]{20,}",
    "a Slack token": r"\bxox[abeoprs]-[\w-]{10,}|\bxapp-\d-[\w-]{10,}",
    "a Slack webhook": r"hooks\.slack\.com/services/T\w+/B\w+/\w+",
    "a Stripe key": r"\b[rs]k_live_[A-Za-z0-9]{16,}",
    "a Google API key": r"\bAIza[\w-]{35}",
    "a SendGrid key": r"\bSG\.[\w-]{16,32}\.[\w-]{16,64}",
    "an npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "a PyPI token": r"\bpypi-AgEI[\w-]{50,}",
    "an API key of a language model": r"\bsk-(?:ant-|proj-)?[\w-]{32,}",
    "a Twilio key": r"\bSK[0-9a-f]{32}\b",
    "a Telegram bot token": r"\b\d{8,10}:AA[\w-]{33}\b",
    "a signed token (JWT)": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",
    "an address with a password in it": r"\b[a-z][a-z0-9+]{1,20}://[^\s/:@]{1,99}:[^\s/@]{3,99}@\S",
}
_CALLED: Final = re.compile(
    r"(?<![^\W_])(?:pass(?:word|code|phrase|wd)?|pwd|pin|secret(?:[ _-]?access)?(?:[ _-]?key)?|token|api[ _-]?key"
    r"|(?:access|private)[ _-]?key|login|passwort|kennwort|mot de passe|contrase\u00f1a|senha|wachtwoord|l\u00f6senord"
    r"|adgangskode|kodeord)\s{0,9}(?:(?:is|ist|lautet|est|es|er|\u00e4r)\s{0,9}[:=]?|[:=])\s{0,9}[\"'`]?(?P<value>[^\s\"'`]{4,})",
    re.IGNORECASE,
)
_FOUND: Final = {what: re.compile(pattern) for what, pattern in _KEYS.items()}


def secrets_in(text: str) -> Iterator[Finding]:
    """What looks like a key or a password: keys are rejected, what is merely called a password is held.

    A word after "password is" counts where it has a digit or a sign in it: "the password is in your inbox" goes.

    >>> [finding.text for finding in secrets_in("Wifi password: Gr8!coffee")][0].endswith("(a password)")
    True
    >>> list(secrets_in("Your password is in your inbox: check it"))
    []
    """
    for what, pattern in _FOUND.items():
        if pattern.search(text):
            yield found(PolicyReason.SECRET, Verdict.REJECT, what)
    if any(_is_one(match["value"]) for match in _CALLED.finditer(text)):
        yield found(PolicyReason.SECRET, Verdict.HOLD, "a password")


def _is_one(value: str) -> bool:
    bare = value.rstrip(".,;!?)")
    return len(bare) >= 4 and not bare.isalpha() and not bare.startswith(("http", "@", "#"))
