"""What accounts in schedulers are called where people read of them."""

from __future__ import annotations

from typing import Final

from playbooks.settings.schedulers import SchedulerKind, SchedulerSettings

_CALLED: Final = {
    SchedulerKind.BUFFER: "Buffer",
    SchedulerKind.MASTODON: "Mastodon",
    SchedulerKind.POSTIZ: "Postiz",
    SchedulerKind.WORDPRESS: "WordPress",
    SchedulerKind.HOOTSUITE: "Hootsuite",
    SchedulerKind.FACEBOOK: "Facebook",
    SchedulerKind.WEBHOOK: "your own scheduler",
}


def account_called(name: str, settings: SchedulerSettings) -> str:
    """An account, where it is, and in brackets its name in the settings.

    >>> settings = SchedulerSettings(kind=SchedulerKind.BUFFER, brand="acme", platform="x", account="@acme")
    >>> account_called("main", settings)
    '@acme on x, in Buffer (main)'
    """
    on = f" on {settings.platform}" if settings.platform else ""
    return f"{settings.account or settings.brand}{on}, in {_CALLED[settings.kind]} ({name})"
