"""What is wrong with people's contact points and the channels they name, that the settings' types cannot say. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from playbooks.settings import PlaybookSettings


def contact_faults(settings: PlaybookSettings) -> Iterator[tuple[str, str]]:
    """Where something is wrong (a path from ``$``), and what, in words.

    >>> from playbooks.settings.people import Person
    >>> list(contact_faults(PlaybookSettings(people={"ada": Person(name="Ada", apprise="chat")})))[0][0]
    '$.people.ada.apprise'
    """
    yield from _unknown_names(settings)
    yield from _shared_ids(settings)
    alertmanager = settings.channels.alertmanager
    if alertmanager and alertmanager.token and (alertmanager.username or alertmanager.password):
        yield (
            "$.channels.alertmanager.token",
            "channels.alertmanager has a token and a name or password; what stands before it asks for one of them",
        )
    if alertmanager and bool(alertmanager.username) != bool(alertmanager.password):
        yield (
            "$.channels.alertmanager",
            "channels.alertmanager has one of username and password; it takes both or neither",
        )


def _unknown_names(settings: PlaybookSettings) -> Iterator[tuple[str, str]]:
    pagerduty, apprise = settings.channels.pagerduty, settings.channels.apprise
    services: Collection[str] = pagerduty.services if pagerduty else ()
    targets: Collection[str] = apprise.targets if apprise else ()
    for key, person in settings.people.items():
        named = (
            ("pagerduty", person.pagerduty, "channels.pagerduty.services", services),
            ("apprise", person.apprise, "channels.apprise.targets", targets),
        )
        for field, name, place, known in named:
            if name is not None and name not in known:
                there = ", ".join(sorted(known)) or "none"
                yield (
                    f"$.people.{key}.{field}",
                    f"people.{key}.{field} names '{name}', which is not under {place} (there: {there})",
                )


def _shared_ids(settings: PlaybookSettings) -> Iterator[tuple[str, str]]:
    """Two people with one id at a service: nobody could say which of them acknowledged."""
    seen: dict[tuple[str, str], str] = {}
    for key, person in settings.people.items():
        for field, value in (("slack", person.slack), ("pagerduty_user", person.pagerduty_user)):
            if value is None:
                continue
            first = seen.setdefault((field, value), key)
            if first != key:
                yield (
                    f"$.people.{key}.{field}",
                    f"people.{key}.{field} is that of '{first}' too; nobody could say which of them acknowledged",
                )
