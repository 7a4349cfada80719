"""What people write for a platform, as the gate is asked for it. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: What the gate takes as the name of a platform.
_PLATFORM: Final = re.compile(r"[a-z0-9_-]{1,32}")


def platform_named(name: str) -> str | None:
    """The platform that a person means, as the gate is asked for it; None where no platform can be called so.

    A hold on any other name holds nothing: no question about a post can be meant by it.

    >>> platform_named(" X "), platform_named("Bluesky"), platform_named("X Y"), platform_named("")
    ('x', 'bluesky', None, None)
    """
    meant = unicodedata.normalize("NFKC", name).strip().lower()
    return meant if _PLATFORM.fullmatch(meant) else None
