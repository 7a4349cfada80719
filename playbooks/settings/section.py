"""What every section of the settings is made of: names, lengths of time, numbers, and where a secret is kept."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec

from playbooks.secret import Secret
from playbooks.settings.web_address import address_fault

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]{1,64}\Z")]
#: A moment, RFC 3339 with an offset.
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
#: What a clock shows, ``08:30``; midnight is ``00:00``. In YAML it stands in quotes.
ClockTime = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d\Z")]
#: A length of time or a rate that must be more than nothing, and a number of things of which there is at least one.
Positive = Annotated[float, msgspec.Meta(gt=0)]
AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]
#: A telephone number as the whole world dials it (E.164).
PhoneNumber = Annotated[str, msgspec.Meta(pattern=r"^\+[1-9][0-9]{5,14}\Z")]
#: An e-mail address, more strictly than the standards: no quotes, comments or lists, in which a second one could hide.
EMAIL = r"""^[^\s\x00-\x1f\x7f-\x9f@<>()\[\]\\,:;"]{1,64}@[^\s\x00-\x1f\x7f-\x9f@<>()\[\]\\,:;"]{1,255}\Z"""
EmailAddress = Annotated[str, msgspec.Meta(pattern=EMAIL)]
#: What people read of somebody or something: one line, with something to see in it, in which nothing is hidden or
#: turned round.
OneLine = Annotated[str, msgspec.Meta(pattern=r"^(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]{1,200}\Z")]
#: A member of a Slack workspace, and a user of PagerDuty.
SlackMember = Annotated[str, msgspec.Meta(pattern=r"^[UW][A-Z0-9]{4,20}\Z")]
PagerDutyUser = Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]{4,20}\Z")]


class MissingSecret(Exception):
    """A secret that a setting names is not there, or is not what it must be; the message names the variable or file,
    never a value."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every settings section: frozen, and an unknown key is an error."""


class SecretFrom(Section, frozen=True):
    """Where a secret is kept: ``env: NAME`` or ``file: PATH`` (surrounding white space is cut off)."""

    env: str | None = None
    file: str | None = None

    def read(self, setting: str, *, at_least: int = 1) -> Secret:
        """The secret itself; `setting` is its key, for the message.

        Raises `MissingSecret` where it is not there or empty, or has fewer than `at_least` characters.
        """
        if self.env is not None:
            value = os.environ.get(self.env, "")
            place = f"the environment variable {self.env}"
        elif self.file is not None:
            place = f"the file {self.file}"
            try:
                value = Path(self.file).read_text(encoding="utf-8").strip()
            except OSError as wrong:
                raise MissingSecret(
                    f"{setting}: {place}, which should hold a secret, cannot be read: {wrong.strerror}"
                ) from None
        else:
            raise MissingSecret(f"{setting}: say where the secret is: write {{env: NAME}} or {{file: PATH}}")
        if not value:
            raise MissingSecret(
                f"{setting}: {place} is not set or empty; put the secret there, or name another place in the settings"
            )
        if len(value) < at_least:
            raise MissingSecret(
                f"{setting}: what {place} holds is shorter than {at_least} characters, so it could be guessed; "
                "make one with 'openssl rand -hex 24'"
            )
        return Secret(value)

    def read_address(self, setting: str) -> Secret:
        """As `read`, of a web address that is a secret as a whole; raises `MissingSecret` where it is none."""
        found = self.read(setting)
        if wrong := address_fault(found.reveal(), login=True):
            place = f"the environment variable {self.env}" if self.env is not None else f"the file {self.file}"
            raise MissingSecret(f"{setting}: what {place} holds {wrong}")
        return found
