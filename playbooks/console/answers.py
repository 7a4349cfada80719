"""What the next page says about the click before it. The address carries only the word; the sentence is ours."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import quote

from aiohttp import web

from playbooks.console.desk import Said
from playbooks.holds.hold import Release
from playbooks.holds.rights import MayRelease
from playbooks.store.incidents.deeds import Told


class Ended(StrEnum):
    """What came of saying that an incident is over, in words that no other answer has."""

    ENDED = "ended"
    NO_REASON_TO_END = "no_reason_to_end"


class Noted(StrEnum):
    """What came of a note, of something done, and of saying that it spreads no more or begins again."""

    NOTED = "noted"
    NOTHING_SAID = "nothing_said"
    TICKED = "ticked"
    TICKED_BEFORE = "ticked_before"
    NOTHING_DECIDED = "nothing_decided"
    CONTAINED = "contained"
    CONTAINED_ALREADY = "contained_already"
    NO_REASON_TO_CONTAIN = "no_reason_to_contain"
    REOPENED = "reopened"
    NO_REASON_TO_REOPEN = "no_reason_to_reopen"
    OPEN_ALREADY = "open_already"
    REPORTED = "reported"
    REPORTED_AND_MOVED = "reported_and_moved"
    REPORTED_WORSE = "reported_worse"
    REPORTED_BESIDE = "reported_beside"
    REPORTED_TO_NOBODY = "reported_to_nobody"
    NOTHING_REPORTED = "nothing_reported"
    MOVED = "moved"
    THERE_ALREADY = "there_already"
    NO_REASON_TO_MOVE = "no_reason_to_move"
    MERGED = "merged"
    MERGED_ALREADY = "merged_already"
    NO_REASON_TO_MERGE = "no_reason_to_merge"
    JUDGED = "judged"
    JUDGED_ALREADY = "judged_already"
    NO_REASON_TO_JUDGE = "no_reason_to_judge"


SENTENCES: Mapping[StrEnum, Said] = {
    Told.DONE: Said("You have it. It is in the log under your name."),
    Told.ALREADY: Said("You had it already.", good=False),
    Ended.ENDED: Said(
        "It is over. Holds stay in force until they are released; what happens next opens a new incident."
    ),
    Ended.NO_REASON_TO_END: Said("Say why it is over; the incident stays open.", good=False),
    Told.IS_OVER: Said("It is over already.", good=False),
    Told.NO_SUCH_STEP: Said("That is not among the things to do here.", good=False),
    Told.IS_ANOTHER: Said("Another incident of this kind is open by now; go on with that one.", good=False),
    Noted.NOTED: Said("Your note is in the log under your name."),
    Noted.NOTHING_SAID: Said("There was nothing in your note.", good=False),
    Noted.TICKED: Said("It is done, and in the log under your name."),
    Noted.TICKED_BEFORE: Said("Somebody had done it already.", good=False),
    Noted.NOTHING_DECIDED: Said("Say what is decided: choose one of the answers.", good=False),
    Noted.CONTAINED: Said("It is contained. Nobody is paged further unless it gets worse; holds stay in force."),
    Noted.CONTAINED_ALREADY: Said("It is contained already; nothing was written down.", good=False),
    Noted.NO_REASON_TO_CONTAIN: Said("Say how you know that it does not spread any more.", good=False),
    Noted.REOPENED: Said("It is open again, and the pages go out anew."),
    Noted.NO_REASON_TO_REOPEN: Said("Say why it is not over; it stays ended.", good=False),
    Noted.OPEN_ALREADY: Said("It was open already.", good=False),
    Noted.REPORTED: Said("It is reported, under your name. What the playbook asks for is under way."),
    Noted.REPORTED_AND_MOVED: Said(
        "It is reported, under your name. A milder incident was open: it is moved to what you reported, and everything "
        "that this asks for is under way, pages too."
    ),
    Noted.REPORTED_WORSE: Said(
        "It is reported, under your name. It joined the incident that was open and made it worse: people are paged "
        "anew."
    ),
    Noted.REPORTED_BESIDE: Said(
        "It is written down under your name, in the incident that was open already. Nobody was paged anew for it: it "
        "is no worse than what they know. If it is, report it with a higher severity, or with what fits better."
    ),
    Noted.REPORTED_TO_NOBODY: Said(
        "It is reported, under your name, and NOBODY IS PAGED: “What happened” below says why. Call somebody.",
        good=False,
    ),
    Noted.NOTHING_REPORTED: Said("Say what happened; nothing was reported.", good=False),
    Noted.MOVED: Said(
        "It goes on with the other playbook. What that asks for is under way, and what was planned stays planned."
    ),
    Noted.THERE_ALREADY: Said("It is with that playbook already.", good=False),
    Noted.NO_REASON_TO_MOVE: Said("Say why it should go on with the other playbook.", good=False),
    Noted.MERGED: Said("It goes on as the other one. Whoever was told of it is told that too; holds stay in force."),
    Noted.MERGED_ALREADY: Said("It goes on as that one already.", good=False),
    Noted.NO_REASON_TO_MERGE: Said("Say how you know that the two are one.", good=False),
    Told.NO_PLAYBOOK: Said(
        "It stood for a hold that somebody placed by hand, so it has no playbook. Place a hold, or report a crisis.",
        good=False,
    ),
    Told.IS_ITSELF: Said("An incident cannot be merged into itself; choose the other one.", good=False),
    Told.NOT_TOGETHER: Said("Only two open incidents of the same brand can be merged.", good=False),
    Noted.JUDGED: Said("It is in the log under your name, and counted."),
    Noted.JUDGED_ALREADY: Said("Somebody has said so already.", good=False),
    Noted.NO_REASON_TO_JUDGE: Said("Say how you know whether it was real.", good=False),
    Told.NO_SUCH_PLAYBOOK: Said("There is no such playbook in use.", good=False),
    Told.NO_SUCH_BRAND: Said("There is no such brand in the settings.", good=False),
    Told.NO_SUCH_PLATFORM: Said("No platform can be called so; nothing was reported.", good=False),
    Told.TOO_LONG: Said("That is longer than 2,000 characters; nothing was written. Say it in fewer.", good=False),
    Release.RELEASED: Said("The hold is released. Nothing that was held is sent by itself: look at each post first."),
    Release.NEEDS_ANOTHER_PERSON: Said("Your agreement is noted. The hold stays until another person agrees."),
    Release.NEEDS_THE_ROLE: Said(
        "Your agreement is noted. The hold stays until somebody of the role agrees that has to be among you."
    ),
    Release.ALREADY_AGREED: Said("You had agreed already. The hold stays until another person agrees.", good=False),
    Release.ALREADY_RELEASED: Said("The hold was released already.", good=False),
    Release.NO_REASON: Said("Say why posting may go on; the hold stays in force.", good=False),
    Release.NOT_LOOKED: Said(
        "More was held since you looked. Look at what was held, and agree again; the hold stays in force.", good=False
    ),
    Release.IS_PROTECTED: Said("The hold protects you, so others release it.", good=False),
    MayRelease.NOT_IN_THE_ROLES: Said("You are not among the people who may release this hold.", good=False),
}
_BY_WORD = {word.value: said for word, said in SENTENCES.items()}


def said_before(request: web.Request) -> Said | None:
    """What the page is to say at its top, from its address; None for a word that is not ours."""
    return _BY_WORD.get(request.query.get("said", ""))


def back_to(incident: str, word: StrEnum) -> web.Response:
    """Back to the incident's page, which will say what came of it."""
    return web.Response(status=303, headers={"Location": f"/incidents/{quote(incident, safe='')}?said={word.value}"})


def back_to_report(word: StrEnum) -> web.Response:
    """Back to the form of a report, which will say why nothing was reported."""
    return web.Response(status=303, headers={"Location": f"/report?said={word.value}"})
