"""Which brands may page at all, and what is muted on purpose. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from playbooks.armings.arming import Arming
from playbooks.armings.mute import Mute
from playbooks.readiness.finding import Area, Finding, Reason, Weight
from playbooks.readiness.wording import moment, span

_MEANS = {Arming.PAGE: "page, and hold nothing back", Arming.PAGE_AND_HOLD: "page and hold"}


def brand_findings(
    armed: Mapping[str, Arming], names: Mapping[str, str], mutes: Iterable[Mute], now_ms: int
) -> Iterator[Finding]:
    """What is found about how far Firebreak may go for each brand. `names` are what brands are called.

    >>> [found.reason.value for found in brand_findings({"acme": Arming.OBSERVE}, {}, (), 0)]
    ['nobody_armed', 'observes']
    """
    if not armed:
        to_do = "Name a brand under brands (docs/settings.md)."
        yield _found(
            Weight.FAILS, Reason.NO_BRAND, "There is no brand in the settings: nothing can be about one.", to_do
        )
    elif not armed_brands(armed):
        to_do = "When what it would have done looks right: firebreak arm BRAND page --by PERSON --reason TEXT"
        yield _found(
            Weight.FAILS, Reason.NOBODY_ARMED, "Every brand is only observed, so no crisis pages anybody.", to_do
        )
    for brand, arming in sorted(armed.items()):
        name = names.get(brand, brand)
        if arming is Arming.OBSERVE:
            to_do = f"firebreak arm {brand} page --by PERSON --reason TEXT"
            yield _found(Weight.LOOK, Reason.OBSERVES, f"{name} is only observed: it pages and holds nothing.", to_do)
        else:
            yield _found(Weight.WELL, Reason.ARMED, f"{name} is armed to {_MEANS[arming]}.", "")
    for mute in mutes:
        if mute.in_force(now_ms):
            text = f"Muted until {moment(mute.ends_ms)} ({span(mute.ends_ms - now_ms)} more): {what(mute, names)}."
            to_do = "Nothing, if that is still so; else end it: firebreak mute --help"
            yield _found(Weight.LOOK, Reason.MUTED, f"{text} {mute.person} said: {mute.reason}", to_do)


def armed_brands(armed: Mapping[str, Arming]) -> list[str]:
    """The brands that may page.

    >>> armed_brands({"acme": Arming.PAGE, "globex": Arming.OBSERVE})
    ['acme']
    """
    return sorted(brand for brand, arming in armed.items() if arming is not Arming.OBSERVE)


def what(mute: Mute, names: Mapping[str, str]) -> str:
    """What a mute silences, in words."""
    parts = (
        f"the playbook {mute.playbook}" if mute.playbook else "",
        f"signals of {mute.kind.value}" if mute.kind else "",
        f"of {names.get(mute.brand, mute.brand)}" if mute.brand else "of every brand",
    )
    return " ".join(part for part in parts if part)


def _found(weight: Weight, reason: Reason, text: str, to_do: str) -> Finding:
    return Finding(weight=weight, area=Area.BRANDS, reason=reason, text=text, to_do=to_do)
