"""Links in an outgoing post that look like the brand's own and lead elsewhere.

A host is taken apart at its dots, and each part compared with the name of each of the brand's own domains: the name in
letters that look alike, one letter changed, left out, doubled or exchanged, the name with a word before or behind it,
the right name in a wrong place or with another ending. What is not like the brand's own is none of this module's
business.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final
from urllib.parse import unquote

from playbooks.labels import Verdict
from playbooks.policy.finding import Finding, PolicyReason, found, shown
from playbooks.policy.letters import LATIN_FOR

_LINK: Final = re.compile(
    r"https?:[/\\]+([^\s/?#]+)|(?<![\w@.-])((?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_]{2,24})(?![\w@-])", re.I
)
#: A link that is listed as one may come without its scheme.
_HOST_ONLY: Final = re.compile(r"(?:https?:[/\\]*|[a-z]+://|[/\\]+)?([^\s/?#]+)", re.IGNORECASE)
#: What browsers take out of an address before they read it.
_TAKEN_OUT: Final = re.compile(r"[\x00-\x1f]|^ +")
#: Two signs that together look like another one, and digits that do.
_PAIRS: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_DIGITS: Final = str.maketrans("013457", "oleast")
#: A name shorter than this is like too many others for one letter to mean anything.
_SHORTEST: Final = 5
_NUMERIC: Final = re.compile(r"[\d.]+|\[.*|0x[0-9a-f.]+")


def lookalikes_in(text: str, links: Sequence[str], own: Sequence[str]) -> Iterator[Finding]:
    """Links that look like one of the brand's `own` domains and are not under it; also those to a bare number.

    >>> [finding.text[-22:] for finding in lookalikes_in("Help: https://acme-support.example/a", (), ["acme.example"])]
    ['acme-support.example")']
    >>> list(lookalikes_in("Help: https://support.acme.example", (), ["acme.example"]))
    []
    """
    domains = [domain.lower().strip(".") for domain in own]
    hosts = dict.fromkeys(_hosts(text, links))
    if strange := [host for host, before in hosts if _deceives(host, before, domains)]:
        yield found(PolicyReason.LOOKALIKE_DOMAIN, Verdict.HOLD, shown(strange))


def _hosts(text: str, links: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each host, and what stands before it in its link as a user's name does."""
    for match in _LINK.finditer(text):
        yield _host(match[1] or match[2])
    for link in links:
        if linked := _HOST_ONLY.match(_TAKEN_OUT.sub("", link)):
            yield _host(linked[1])


def _host(authority: str) -> tuple[str, str]:
    """The host that a browser goes to, without the port behind it, and the user's name before it.

    A browser reads a backslash as a slash: what follows is no host, whatever it looks like.

    >>> _host("acme.com:80@evil.example"), _host("evil.example\\\\@acme.com")
    (('evil.example', 'acme.com:80'), ('evil.example', '@acme.com'))
    """
    first, _, hidden = unquote(authority).partition("\\")
    user, _, behind = first.rpartition("@")
    bare = behind.rstrip(".,;:!?)\"'").lower()
    return bare if bare.startswith("[") else bare.partition(":")[0], user or hidden


def _deceives(host: str, before: str, domains: Sequence[str]) -> bool:
    if any(host == domain or host.endswith("." + domain) for domain in domains):
        return False
    if _NUMERIC.fullmatch(host) or (domains and before):
        return True
    parts = [_readable(part) for part in host.split(".")]
    return any(_is_like(part, domain.partition(".")[0]) for part in parts[:-1] or parts for domain in domains)


def _readable(part: str) -> str:
    """A part of a host as people see it: what is written in punycode, in its own letters."""
    if not part.startswith("xn--"):
        return part
    try:
        return part.removeprefix("xn--").encode("ascii").decode("punycode")
    except UnicodeError:
        return part


def _is_like(part: str, name: str) -> bool:
    """Whether part of a host looks like a domain's name, or is it: the domain itself was left out before.

    >>> [_is_like(part, "acmeair") for part in ("acrneair", "acm\u0435air", "acmeiar", "acmeair-help", "acreage")]
    [True, True, True, True, False]
    """
    seen, wanted = _skeleton(part), _skeleton(name)
    if seen == wanted or wanted in re.split(r"[-_]", seen) or (len(wanted) >= _SHORTEST and wanted in seen):
        return True
    if len(wanted) >= _SHORTEST:
        return _one_slip(seen, wanted)
    return len(seen) > len(wanted) and _undoubled(seen) == _undoubled(wanted)


def _undoubled(word: str) -> str:
    return "".join(letter for letter, _ in groupby(word))


def _skeleton(part: str) -> str:
    """What a word looks like at a glance (after Unicode Technical Standard 39's skeletons)."""
    marks_off = (sign for sign in unicodedata.normalize("NFKD", part) if not unicodedata.combining(sign))
    bare = "".join(LATIN_FOR.get(sign, sign) for sign in marks_off).lower().translate(_DIGITS)
    for pair, one in _PAIRS:
        bare = bare.replace(pair, one)
    return bare.replace("i", "l")


def _one_slip(one: str, other: str) -> bool:
    """Whether one letter more, less, other, or two exchanged make the one the other (Damerau, 1964)."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    at = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    if len(one) == len(other):
        exchanged = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
        return exchanged or one[at + 1 :] == other[at + 1 :]
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return longer[at + 1 :] == shorter[at:]
