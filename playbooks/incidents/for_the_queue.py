"""What a hold means for the queue of whoever posts: said in every notice of a hold, whatever its playbook says."""

from __future__ import annotations

from msgspec.structs import replace

from playbooks.content.schema import HoldTerms
from playbooks.effects.message import Notice
from playbooks.incidents.called import THE_BRAND


def for_the_queue(first: Notice, terms: HoldTerms, platform: str | None) -> Notice:
    """A notice of a hold with what it means at its top; `platform` None is all of them."""
    posts = " ".join(filter(None, (f"every automated post for {THE_BRAND}", terms.only.in_words())))
    place = f"on {platform}" if platform else "on every platform"
    many = "one person" if terms.releasers == 1 else f"{terms.releasers} people"
    among = "" if terms.one_of is None else f"; one of {terms.one_of} has to be among them"
    queue = (
        f"What it means for the queue: from now on the gate refuses {posts}, {place}, until {many} "
        f"({' or '.join(terms.released_by)}{among}) let go. Nothing is sent later by itself. What posts without asking "
        "the gate has to be stopped by hand."
    )
    return replace(first, own_words=True, text=f"{queue}\n\n{first.text}")
