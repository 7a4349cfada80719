"""What the runner says of itself in its log when it starts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from playbooks.armings.arming import Arming
from playbooks.incidents.arming_notice import in_words
from playbooks.labels import Channel


def started(armed: Mapping[str, Arming], channels: Iterable[Channel]) -> str:
    """Whom it acts for, how far, and by which channels.

    >>> started({"acme": Arming.PAGE, "bolt": Arming.OBSERVE}, [Channel.SMS, Channel.EMAIL])
    'the runner has started; acme is armed to page, bolt is only observed; messages go by email, sms'
    >>> started({}, [])
    'the runner has started; there are no brands in the settings; no channel is set up, so nobody is reached'
    """
    brands = ", ".join(f"{brand} is {in_words(how)}" for brand, how in sorted(armed.items()))
    if not brands:
        brands = "there are no brands in the settings"
    elif all(how is Arming.OBSERVE for how in armed.values()):
        brands += ": nobody is paged about them yet (firebreak arm)"
    by = ", ".join(sorted(channel.value for channel in channels))
    roads = f"messages go by {by}" if by else "no channel is set up, so nobody is reached"
    return f"the runner has started; {brands}; {roads}"
