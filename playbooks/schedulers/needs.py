"""What each kind of scheduler needs in the settings; read at every start, so the adapters are not loaded for it."""

from __future__ import annotations

from collections.abc import Iterator

from playbooks.settings import PlaybookSettings
from playbooks.settings.schedulers import SchedulerKind
from playbooks.settings.web_address import address_fault

#: What each kind needs in the settings.
NEEDS: dict[SchedulerKind, tuple[str, ...]] = {
    SchedulerKind.BUFFER: ("token", "organization", "channel"),
    SchedulerKind.MASTODON: ("url", "token"),
    SchedulerKind.POSTIZ: ("token", "channel"),
    SchedulerKind.WORDPRESS: ("url", "user", "token"),
    SchedulerKind.HOOTSUITE: ("token", "channel"),
    SchedulerKind.FACEBOOK: ("token", "channel"),
    SchedulerKind.WEBHOOK: ("url", "token"),
}


def scheduler_faults(settings: PlaybookSettings) -> Iterator[tuple[str, str]]:
    """What the types cannot say of the schedulers: where it stands, and what is wrong with it."""
    for name, each in settings.schedulers.items():
        where = f"$.schedulers.{name}"
        missing = [key for key in NEEDS[each.kind] if getattr(each, key) is None]
        if missing:
            needed = ", ".join(NEEDS[each.kind])
            yield where, f"the scheduler {name!r} says no {missing[0]!r}; {each.kind.value} needs {needed}"
        if each.url is not None and (wrong := address_fault(each.url)):
            yield f"{where}.url", f"schedulers.{name}.url {wrong}"
        if each.brand not in settings.brands:
            known = ", ".join(sorted(settings.brands)) or "none"
            yield (
                f"{where}.brand",
                f"the scheduler {name!r} is of the brand {each.brand!r}, which is not there ({known})",
            )
        if each.kind is SchedulerKind.HOOTSUITE and (each.user is None) != (each.member is None):
            yield where, f"the scheduler {name!r} says one of 'user' and 'member'; to sign in as the app it needs both"
