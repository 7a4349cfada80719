"""The settings about people: who they are, which roles they are in, which rotas say when."""

from __future__ import annotations

import msgspec

from playbooks.settings.section import (
    ClockTime,
    EmailAddress,
    Name,
    OneLine,
    PagerDutyUser,
    PhoneNumber,
    Positive,
    SecretFrom,
    Section,
    SlackMember,
)


class QuietHours(Section, frozen=True):
    """From when until when, by the clocks where a person is, no notice shall wake them. A page does all the same."""

    begins: ClockTime = msgspec.field(name="from")
    ends: ClockTime = msgspec.field(name="to")


class OfRota(Section, frozen=True):
    """In a role: whoever is on call in a rota."""

    rota: Name


#: Who is in a role: people always, and those of rotas while they are on call.
RoleSettings = tuple[Name | OfRota, ...] | OfRota


class CalendarSettings(Section, frozen=True):
    """An iCalendar file, or one at an address (`url`; ``webcal`` is read as ``https``), whose events are turns.

    `secret` stands in for ``{secret}`` in the address; where the address has none, it goes along as a bearer token, or,
    with `username`, as a password. `only`: events whose title holds this text count, in any case of letters. `zone` and
    `day_begins` are for events that are of days and not of moments. `keep_h`: for how long the last copy counts when
    the calendar cannot be read any more.
    """

    url: str | None = None
    file: str | None = None
    secret: SecretFrom | None = None
    username: str | None = None
    only: str | None = None
    zone: str | None = None
    day_begins: ClockTime = "00:00"
    poll_s: Positive = 300.0
    timeout_s: Positive = 10.0
    keep_h: Positive = 72.0


class RotaSettings(Section, frozen=True):
    """Who is on call when: by a rota file, or by a calendar."""

    file: str | None = None
    ical: CalendarSettings | None = None


class Person(Section, frozen=True):
    """Somebody who may be reached. `drills` says they agreed to be reached by drills.

    `zone` is where their day is, for `quiet` and for times that are written to them.

    `sms` and `voice` are telephone numbers, `slack` is their member id. `pagerduty` and `apprise` are names of a
    service and of a target under `channels`, `alertmanager` is the receiver their alerts are labelled with.
    `pagerduty_user` is who they are there, so that what they acknowledge there counts here.
    """

    name: OneLine
    email: EmailAddress | None = None
    sms: PhoneNumber | None = None
    voice: PhoneNumber | None = None
    slack: SlackMember | None = None
    pagerduty: Name | None = None
    pagerduty_user: PagerDutyUser | None = None
    alertmanager: Name | None = None
    apprise: Name | None = None
    webhook: str | None = None
    drills: bool = False
    zone: str = "UTC"
    quiet: QuietHours | None = None
