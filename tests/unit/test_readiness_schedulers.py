"""What ``firebreak check`` says of the accounts in schedulers."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from playbooks.readiness.finding import Finding, Reason, Weight
from playbooks.readiness.schedulers import LATE_MS, AskedAccount, scheduler_findings
from playbooks.schedulers.account import Account
from playbooks.schedulers.decisions import AccountState
from playbooks.schedulers.post import Trouble, Why
from playbooks.settings.schedulers import SchedulerKind, SchedulerSettings

NOW_MS = 1_800_000_000_000
MAIN = {"main": SchedulerSettings(kind=SchedulerKind.BUFFER, brand="acme", platform="x", account="@acme")}
WELL = Account("main", AccountState.OPEN, None, None, None, "", NOW_MS - 1_000, NOW_MS - 1_000, NOW_MS + 60_000, None)
LETS_US_IN = AskedAccount()
NO_TOKEN = AskedAccount(missing="schedulers.main.token: the environment variable BUFFER is not set or empty")
REVOKED = Trouble(Why.BAD_CREDENTIALS, "Buffer: HTTP 401")


def found(known: Account | None, asked: AskedAccount | None = LETS_US_IN) -> list[Finding]:
    accounts = {"main": known} if known else {}
    return list(scheduler_findings(MAIN, accounts, {"main": asked} if asked else {}, NOW_MS))


def reasons(findings: list[Finding]) -> list[Reason]:
    return [one.reason for one in findings]


def test_an_account_that_lets_us_in_and_is_held_as_it_should_be_is_in_order() -> None:
    [one] = found(WELL)
    assert (one.reason, one.weight) == (Reason.ACCOUNT_IN_ORDER, Weight.WELL)
    assert one.text.startswith("@acme on x, in Buffer (main) lets us in; it was last read")
    [held] = found(replace(WELL, state=AccountState.HELD, hold="hold-1"))
    assert "everything in it is held" in held.text


@pytest.mark.parametrize(
    ("account", "reason", "words"),
    [
        (replace(WELL, state=AccountState.LEAKED, leaked=2), Reason.ACCOUNT_LEAKED, "2 posts went out all the same"),
        (replace(WELL, state=AccountState.PARTIAL, going=1), Reason.ACCOUNT_NOT_HELD, "1 post would still go out"),
        (replace(WELL, state=AccountState.PARTIAL), Reason.ACCOUNT_NOT_HELD, "the gate allows what it must refuse"),
        (replace(WELL, state=AccountState.UNKNOWN), Reason.ACCOUNT_NOT_PROVEN, "nobody can say what goes out"),
        (
            replace(WELL, next_ms=NOW_MS - LATE_MS - 1),
            Reason.ACCOUNT_LOOKED_AT_LATE,
            "was to be read 5 minutes ago",
        ),
    ],
)
def test_an_account_that_is_not_as_it_should_be_is_told_with_what_to_do(
    account: Account, reason: Reason, words: str
) -> None:
    [one] = found(account)
    assert (one.reason, one.weight) == (reason, Weight.LOOK)
    assert words in one.text
    assert one.to_do


def test_a_token_that_was_revoked_is_found_before_a_hold_needs_it() -> None:
    [one] = found(WELL, AskedAccount(REVOKED))
    assert (one.reason, one.weight) == (Reason.ACCOUNT_REFUSED, Weight.LOOK)
    assert "does not let us in: Buffer: HTTP 401. A hold could not stop what is scheduled there." in one.text
    busy = AskedAccount(Trouble(Why.BUSY, "Buffer: HTTP 429"))
    assert reasons(found(WELL, busy)) == [Reason.ACCOUNT_NOT_READ]


@pytest.mark.parametrize("asked", [NO_TOKEN, None], ids=["its token is not here", "it is not asked from here"])
def test_where_it_cannot_be_asked_the_runners_word_counts(asked: AskedAccount | None) -> None:
    assert reasons(found(WELL, asked)) == [Reason.ACCOUNT_IN_ORDER]
    refused = replace(WELL, why=Why.BAD_CREDENTIALS, detail="Buffer: HTTP 401")
    assert reasons(found(refused, asked)) == [Reason.ACCOUNT_REFUSED]
    [never] = found(None, asked)
    assert (never.reason, never.weight) == (Reason.NOT_LOOKED_AT, Weight.UNKNOWN)


def test_without_the_store_an_account_is_still_asked() -> None:
    findings = list(scheduler_findings(MAIN, None, {"main": AskedAccount(REVOKED)}, NOW_MS))
    assert reasons(findings) == [Reason.ACCOUNT_REFUSED]
