"""What was held: each post needs a person's word, what may go goes one after another, and who decides is checked."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from detectors.mention import rfc3339
from playbooks.content.catalog import Library
from playbooks.content.hold_scope import EVERY_BRAND, Narrowing
from playbooks.gate.decision import GateAnswer, GateRequest, OutgoingPost
from playbooks.gate.service import Gate
from playbooks.holds.by_hand import ByHand
from playbooks.holds.held_post import MINUTE_MS, post_key
from playbooks.holds.hold import Release
from playbooks.incidents.log_entry import GlassBroken
from playbooks.labels import PostWord, Role, Verdict
from playbooks.settings import PlaybookSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.gate import BreakGlassSettings, GateSettings, Otherwise
from playbooks.settings.people import Person
from playbooks.store import schema, timers
from playbooks.store.engine import reading, writing
from playbooks.store.gate import break_glass
from playbooks.store.gate import texts as gate_texts
from playbooks.store.gate.held_posts import held_for, waiting
from playbooks.store.holds import deeds as hold_deeds
from playbooks.store.holds.by_hand import place_by_hand
from playbooks.store.holds.deeds import HoldTold, PostSaid, ThisPost
from playbooks.store.holds.holds import agree_release, holds_in_force, read_hold
from playbooks.store.incidents.deeds import Told, resolve
from playbooks.store.incidents.incidents import incident_history, incident_view, wake
from playbooks.store.pulses import Pulse, write_pulse
from tests.parts.console import crisis
from tests.parts.gate import CRISIS_TEAM, SCHEDULER, SPACING_MS, a_gate, rules

START_MS = 1_770_000_000_000
ROLES = {"on-call": ["ada", "bo"], "ops": ["cy"], "posting-team": ["dee"], "crisis": ["bo"]}
SETTINGS = PlaybookSettings(
    people={key: Person(name=key.title()) for key in ("ada", "bo", "cy", "dee")},
    roles={role: tuple(people) for role, people in ROLES.items()},
    brands={"acme": BrandSettings(), "other": BrandSettings()},
    gate=GateSettings(break_glass=BreakGlassSettings(roles=("crisis",), valid_min=15)),
)


class World:
    """A store, a gate and a clock; what people do and what a scheduler gets."""

    def __init__(self, store: Engine) -> None:
        self.store = store
        self.now_ms = START_MS
        self.gate: Gate = a_gate(store, lambda: self.now_ms)

    async def ask(self, number: int, text: str | None = None, **more: Any) -> GateAnswer:
        links = more.pop("links", ())
        post = OutgoingPost(id=f"post-{number}", text=f"Text {number}" if text is None else text, links=links)
        fields = {"brand": "acme", "platform": "x", "account": "acme_news"} | more
        caller = fields.pop("caller", SCHEDULER)
        return await self.gate.decide(GateRequest(post=post, **fields), caller)

    async def codes(self, number: int, text: str | None = None, **more: Any) -> list[str]:
        return [reason.code.value for reason in (await self.ask(number, text, **more)).reasons]

    def hold(self, brand: str = "acme", **more: Any) -> str:
        about = ByHand(brand, ("on-call",), **more)
        told, hold = place_by_hand(self.store, about, "ada", "A recall", SETTINGS, self.now_ms)
        assert told is HoldTold.DONE
        return hold

    def release(self, hold: str, *people: str, looked: int = 99) -> list[Release]:
        return [agree_release(self.store, hold, one, "calm", self.now_ms, looked) for one in people or ("bo",)]

    def say(self, number: int, word: PostWord, person: str = "bo", **more: Any) -> HoldTold:
        said = PostSaid(word, **more)
        key = post_key("", "acme", "x", f"post-{number}")
        return hold_deeds.say_of_post(self.store, key, said, person, "it fits", SETTINGS, ROLES, self.now_ms)

    def glass(self, number: int, person: str = "bo") -> HoldTold:
        this = ThisPost("acme", "x", f"post-{number}", f"Text {number}")
        return hold_deeds.break_glass(self.store, this, person, "a warning", SETTINGS, ROLES, self.now_ms)[0]

    def paged(self) -> list[tuple[str, str]]:
        query = select(schema.outbox.c.action, schema.outbox.c.target).order_by(schema.outbox.c.id)
        with reading(self.store) as conn:
            return [(action, target) for action, target in conn.execute(query)]


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


# --- by hand ----------------------------------------------------------------------------------------------------------


async def test_a_hold_by_hand_is_in_force_at_once_and_told_to_the_posting_team_and_those_who_may_let_go(
    world: World,
) -> None:
    assert (await world.ask(1)).decision is Verdict.ALLOW
    hold = world.hold()
    assert (await world.ask(2)).hold == hold
    assert world.paged() == [("notify", "posting-team"), ("notify", "on-call"), ("notify", "ops")]
    found = read_hold(world.store, hold)
    assert found is not None
    assert (found.placed_by, found.reason) == ("ada", "A recall")


async def test_a_hold_on_every_brand_holds_each(world: World) -> None:
    world.hold(EVERY_BRAND)
    assert [(await world.ask(n, brand=brand)).decision for n, brand in enumerate(("acme", "other"))] == ["hold"] * 2


@pytest.mark.parametrize(
    ("only", "post", "held"),
    [
        (Narrowing(accounts=("@Acme_News",)), {"account": "acme_news"}, True),
        (Narrowing(accounts=("acme_news",)), {"account": "acme_jobs"}, False),
        (Narrowing(accounts=("acme_news",)), {"account": None}, True),
        (Narrowing(campaigns=("spring",)), {"campaign": "Spring"}, True),
        (Narrowing(campaigns=("spring",)), {"campaign": "winter"}, False),
        (Narrowing(campaigns=("spring",)), {}, True),
        (Narrowing(tags=("#sale",)), {"tags": ("news", "Sale")}, True),
        (Narrowing(tags=("sale",)), {"tags": ("news",)}, False),
        (Narrowing(tags=("sale",)), {"tags": ()}, True),
        (Narrowing(tags=("sale",)), {"tags": None}, True),
        (Narrowing(accounts=("acme_news",), tags=("sale",)), {"tags": ("news",)}, False),
    ],
)
async def test_a_narrow_hold_holds_what_it_names_and_what_is_left_out(
    world: World, only: Narrowing, post: dict[str, Any], held: bool
) -> None:
    world.hold(only=only)
    assert ((await world.ask(1, **post)).decision is Verdict.HOLD) is held


@pytest.mark.parametrize(
    ("about", "person", "reason", "told"),
    [
        (ByHand("acme", ("on-call",)), "nobody", "why", HoldTold.NO_PERSON),
        (ByHand("acme", ("on-call",)), "ada", " \n", HoldTold.NO_REASON),
        (ByHand("nobody", ("on-call",)), "ada", "why", HoldTold.NO_SUCH_BRAND),
        (ByHand("acme", ("nobody",)), "ada", "why", HoldTold.NO_SUCH_ROLE),
        (ByHand("acme", ()), "ada", "why", HoldTold.NO_SUCH_ROLE),
        (ByHand("acme", ("on-call",), protects="nobody"), "ada", "why", HoldTold.NO_PERSON),
    ],
)
def test_a_hold_that_nobody_could_open_or_answer_for_is_not_placed(
    world: World, about: ByHand, person: str, reason: str, told: HoldTold
) -> None:
    assert place_by_hand(world.store, about, person, reason, SETTINGS, START_MS) == (told, "")


async def test_the_incident_of_a_hold_by_hand_is_over_when_it_is_released(world: World) -> None:
    hold = world.hold(releasers=2)
    assert world.release(hold, "ada", "bo") == [Release.NEEDS_ANOTHER_PERSON, Release.RELEASED]
    found = read_hold(world.store, hold)
    assert found is not None
    view = incident_view(world.store, found.incident)
    assert view is not None
    assert view.state == "resolved"
    assert ("notify", "posting-team") in world.paged()[3:], "who was told of the hold is told that it is gone"


async def test_whom_a_hold_protects_cannot_open_it(world: World) -> None:
    hold = world.hold(protects="bo")
    await world.ask(1)
    assert world.release(hold, "bo") == [Release.IS_PROTECTED]
    assert world.say(1, PostWord.PASS) is HoldTold.IS_PROTECTED
    assert world.glass(1) is HoldTold.IS_PROTECTED
    assert world.release(hold, "ada") == [Release.RELEASED]


async def test_a_release_without_a_look_at_what_was_held_does_nothing(world: World) -> None:
    hold = world.hold()
    await world.ask(1)
    await world.ask(2)
    assert world.release(hold, looked=1) == [Release.NOT_LOOKED]
    assert (await world.ask(3)).decision is Verdict.HOLD
    assert world.release(hold, looked=3) == [Release.RELEASED]


# --- after the release ------------------------------------------------------------------------------------------------


async def test_nothing_that_was_held_goes_without_a_persons_word(world: World) -> None:
    hold = world.hold()
    for number in range(5):
        await world.ask(number)
    world.release(hold)
    for number in range(5):
        assert await world.codes(number) == ["was_held"]
    assert await world.codes(9) == ["no_hold"]


async def test_the_same_text_by_another_name_was_held_too(world: World) -> None:
    hold = world.hold()
    await world.ask(1, "Buy now")
    world.release(hold)
    assert await world.codes(2, "Buy now") == ["was_held"]
    assert await world.codes(3, "Buy later") == ["no_hold"]


async def test_what_is_passed_goes_one_after_another_however_it_is_asked(world: World) -> None:
    hold = world.hold()
    for number in range(4):
        await world.ask(number)
    world.release(hold)
    for number in range(4):
        assert world.say(number, PostWord.PASS) is HoldTold.DONE
    gone: dict[int, int] = {}
    for _ in range(60):
        for number in sorted({0, 1, 2, 3} - gone.keys()):
            if (await world.ask(number)).decision is Verdict.ALLOW:
                gone[number] = world.now_ms
        world.now_ms += MINUTE_MS
    times_ms = sorted(gone.values())
    assert len(times_ms) == 4
    assert all(later - before >= SPACING_MS for before, later in pairwise(times_ms))
    assert waiting(world.store) == []


async def test_posts_that_were_passed_long_ago_do_not_go_together(world: World) -> None:
    hold = world.hold()
    for number in range(3):
        await world.ask(number)
        world.say(number, PostWord.PASS)
    world.now_ms += 100 * SPACING_MS
    world.release(hold)
    assert [await world.codes(number) for number in range(3)] == [
        ["passed_by_person"],
        ["too_soon_after_another"],
        ["too_soon_after_another"],
    ]
    world.now_ms += SPACING_MS
    assert await world.codes(1) == ["passed_by_person"]
    assert await world.codes(2) == ["too_soon_after_another"]


async def test_another_account_does_not_wait(world: World) -> None:
    hold = world.hold()
    for number, account in enumerate(("acme_news", "acme_jobs")):
        await world.ask(number, account=account)
        world.say(number, PostWord.PASS)
    world.release(hold)
    assert await world.codes(0, account="acme_news") == ["passed_by_person"]
    assert await world.codes(1, account="acme_jobs") == ["passed_by_person"]


async def test_a_word_opens_no_hold_that_is_in_force(world: World) -> None:
    world.hold()
    await world.ask(1)
    world.say(1, PostWord.PASS)
    assert await world.codes(1) == ["hold_in_force"]


async def test_a_passed_post_goes_with_the_text_that_the_person_saw_and_no_other(world: World) -> None:
    hold = world.hold()
    await world.ask(1)
    world.release(hold)
    world.say(1, PostWord.PASS)
    assert await world.codes(1, "Something else") == ["text_changed"]
    assert await world.codes(1) == ["passed_by_person"]


async def test_an_edited_post_goes_with_its_new_text_alone(world: World) -> None:
    hold = world.hold()
    await world.ask(1)
    world.release(hold)
    assert world.say(1, PostWord.EDIT, text=" ") is HoldTold.NO_TEXT
    assert world.say(1, PostWord.EDIT, text="Calmer") is HoldTold.DONE
    assert await world.codes(1) == ["text_changed"]
    assert await world.codes(1, "Calmer") == ["passed_by_person"]


async def test_a_rescheduled_post_goes_from_its_time_on(world: World) -> None:
    hold = world.hold()
    await world.ask(1)
    world.release(hold)
    assert world.say(1, PostWord.RESCHEDULE, at_ms=START_MS - 1) is HoldTold.NO_TIME
    assert world.say(1, PostWord.RESCHEDULE, at_ms=START_MS + 5 * MINUTE_MS) is HoldTold.DONE
    assert await world.codes(1) == ["not_yet"]
    world.now_ms += 5 * MINUTE_MS
    assert await world.codes(1) == ["passed_by_person"]


async def test_a_dropped_post_is_rejected_for_good(world: World) -> None:
    hold = world.hold()
    await world.ask(1)
    world.release(hold)
    world.say(1, PostWord.DROP)
    world.now_ms += 100 * SPACING_MS
    assert (await world.ask(1)).decision is Verdict.REJECT


@pytest.mark.parametrize("word", [None, PostWord.DROP, PostWord.RESCHEDULE, PostWord.EDIT])
async def test_no_other_id_and_no_white_space_gets_a_held_text_out(world: World, word: PostWord | None) -> None:
    hold = world.hold()
    await world.ask(1)
    world.release(hold)
    if word is not None:
        assert world.say(1, word, text="Calmer", at_ms=START_MS + 5 * MINUTE_MS) is HoldTold.DONE
    says = {PostWord.DROP: "dropped", PostWord.RESCHEDULE: "not_yet", PostWord.EDIT: "text_changed"}
    expected = [says[word] if word else "was_held"]
    for text in ("Text 1", "Text 1 ", "\tText\u200b  1\n", "\uff34ext 1"):
        assert await world.codes(2, text) == expected, text
    assert await world.codes(2, "Text 12") == ["no_hold"]


async def test_the_text_of_a_rescheduled_post_may_go_under_another_id_from_its_time_on(world: World) -> None:
    hold = world.hold()
    await world.ask(1)
    world.release(hold)
    world.say(1, PostWord.RESCHEDULE, at_ms=START_MS + 5 * MINUTE_MS)
    world.now_ms += 5 * MINUTE_MS
    assert await world.codes(2, "Text 1") == ["passed_by_person"]
    assert await world.codes(3, "Text 1") == ["no_hold"], "it has gone, so it is a text like any other"


async def test_each_text_that_a_post_had_while_it_was_held_was_held(world: World) -> None:
    hold = world.hold()
    await world.ask(1)
    await world.ask(1, "Another text")
    world.release(hold)
    assert await world.codes(2, "Another text") == ["was_held"]
    for text in ("Calmer", "Calmer still"):
        assert world.say(1, PostWord.EDIT, text=text) is HoldTold.DONE
    assert await world.codes(2, "Calmer") == ["text_changed"], "a person has taken it back"
    assert await world.codes(1, "Calmer still ") == ["passed_by_person"]


async def test_a_drills_name_opens_nothing_that_was_held_in_life(world: World) -> None:
    hold = world.hold()
    await world.ask(1)
    await world.ask(2, run="drill-9")
    world.release(hold)
    assert await world.codes(1, run="zzz") == ["was_held"]
    assert await world.codes(3, "Text 1", run="zzz") == ["was_held"]
    assert await world.codes(2) == ["was_held"], "a hold of life held it, whatever run was said"
    world.say(1, PostWord.DROP)
    assert await world.codes(1, run="zzz") == ["dropped"]


@pytest.mark.parametrize("other", [{"links": ("https://evil.example/x",)}, {"links": ()}, {"account": "acme_jobs"}])
async def test_a_passed_post_goes_with_its_links_and_for_its_account_alone(world: World, other: dict[str, Any]) -> None:
    held: dict[str, Any] = {"links": ("https://acme.example/x",)}
    hold = world.hold()
    await world.ask(1, **held)
    world.release(hold)
    world.say(1, PostWord.PASS)
    assert await world.codes(1, **(held | other)) == ["text_changed"]
    assert await world.codes(2, "Text 1", **(held | other)) == ["text_changed"]
    assert await world.codes(1, **held, account=" @ACME_news") == ["passed_by_person"]
    assert await world.codes(1, **(held | other)) == ["text_changed"], "also after it has gone"


async def test_no_glass_lets_other_links_go(world: World) -> None:
    world.hold()
    await world.ask(1)
    world.glass(1)
    assert await world.codes(1, links=("https://evil.example/x",)) == ["hold_in_force"]
    assert await world.codes(1) == ["break_glass"]


async def test_a_held_text_that_is_erased_leaves_no_hash_behind(world: World) -> None:
    world.hold()
    await world.ask(1)
    await world.ask(2)
    with writing(world.store) as conn:
        gate_texts.erase_texts(conn, gate_texts.of_post("x", "post-1"), world.now_ms)
        left = conn.execute(select(schema.held_texts.c.post)).scalars().all()
    assert left == [post_key("", "acme", "x", "post-2")]


async def test_one_account_is_one_however_it_is_spelt(world: World) -> None:
    hold = world.hold()
    for number, account in enumerate(("@acme", "acme", " \uff21cme")):
        await world.ask(number, account=account)
        world.say(number, PostWord.PASS)
    times_ms = sorted(post.not_before_ms or 0 for post in held_for(world.store, hold))
    assert all(later - before >= SPACING_MS for before, later in pairwise(times_ms))


async def test_who_is_not_in_the_holds_roles_gives_no_word(world: World) -> None:
    world.hold()
    await world.ask(1)
    assert world.say(1, PostWord.PASS, "dee") is HoldTold.NOT_IN_THE_ROLES
    assert world.say(2, PostWord.PASS) is HoldTold.NO_SUCH_POST


async def test_words_stand_in_the_log_of_the_holds_incident(world: World) -> None:
    hold = world.hold()
    await world.ask(1)
    world.say(1, PostWord.DROP)
    found = read_hold(world.store, hold)
    assert found is not None
    said = [one for one in incident_history(world.store, found.incident) if type(one.entry).__name__ == "PostDecided"]
    assert [one.actor for one in said] == ["bo"]
    assert [post.times for post in held_for(world.store, hold)] == [1]


# --- the crisis team, and the glass -----------------------------------------------------------------------------------


async def test_the_crisis_team_may_post_what_a_person_wrote_while_automation_is_held(world: World) -> None:
    world.hold()
    by_hand: dict[str, Any] = {"automated": False, "actor": "ada"}
    assert await world.codes(1, caller=CRISIS_TEAM, **by_hand) == ["crisis_team"]
    assert await world.codes(2, **by_hand) == ["hold_in_force"], "who asks is told by the token, not by the question"
    nobody: list[dict[str, Any]] = [{"automated": False, "actor": actor} for actor in ("", " ", "\u200b", "@")]
    claims: list[dict[str, Any]] = [{}, {"automated": True, "actor": "ada"}, {"automated": False}, *nobody]
    for claim in claims:
        assert await world.codes(3, caller=CRISIS_TEAM, **claim) == ["hold_in_force"]


async def test_broken_glass_lets_one_post_go_once_and_pages(world: World) -> None:
    world.hold()
    await world.ask(1)
    await world.ask(2)
    assert world.glass(1) is HoldTold.DONE
    assert sorted(one for one in world.paged() if one[0] == "page") == [("page", "on-call"), ("page", "ops")]
    assert await world.codes(1, "Another text") == ["hold_in_force"]
    assert await world.codes(1) == ["break_glass"]
    assert await world.codes(1) == ["hold_in_force"], "once"
    assert await world.codes(2) == ["hold_in_force"]


async def test_one_glass_lets_one_of_many_go_that_are_asked_at_once(world: World) -> None:
    world.hold()
    await world.ask(1)
    world.glass(1)
    answers = await asyncio.gather(*(world.ask(1) for _ in range(24)))
    assert sorted(answer.reasons[0].code.value for answer in answers) == ["break_glass"] + ["hold_in_force"] * 23


async def test_a_glass_that_another_gate_used_lets_nothing_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.hold()
    await world.ask(1)
    world.glass(1)
    monkeypatch.setattr(break_glass, "use", lambda *_: False)
    assert await world.codes(1) == ["hold_in_force"]


async def test_a_glass_lets_one_ask_go_also_after_the_release_and_says_who_did_it(world: World) -> None:
    hold = world.hold()
    await world.ask(1)
    world.glass(1)
    world.release(hold)
    assert await world.codes(1) == ["break_glass"]
    again = await world.ask(1)
    assert [(one.code.value, "let go once, at 2026-02-02T" in one.text) for one in again.reasons] == [
        ("was_held", True)
    ]
    assert await world.codes(2, "Text 1") == ["no_hold"], "nobody could say a word on another post with that text"


async def test_a_glass_that_was_used_while_it_was_held_lets_nothing_go_after_the_release(world: World) -> None:
    hold = world.hold()
    await world.ask(1)
    world.glass(1)
    assert await world.codes(1) == ["break_glass"]
    world.release(hold)
    assert await world.codes(1) == ["was_held"]


async def test_no_glass_opens_what_was_dropped(world: World) -> None:
    hold = world.hold()
    await world.ask(1)
    world.glass(1)
    assert world.say(1, PostWord.DROP) is HoldTold.DONE
    assert await world.codes(1) == ["hold_in_force"]
    world.release(hold)
    assert await world.codes(1) == ["dropped"]
    assert (await world.ask(1)).decision is Verdict.REJECT


async def test_the_glass_is_for_the_text_that_was_held_and_no_other(world: World) -> None:
    world.hold()
    await world.ask(1)
    this = ThisPost("acme", "x", "post-1", "Entirely another text")
    told, until_ms = hold_deeds.break_glass(world.store, this, "bo", "a warning", SETTINGS, ROLES, world.now_ms)
    assert (told, until_ms) == (HoldTold.OTHER_TEXT, 0)
    assert await world.codes(1, "Entirely another text") == ["hold_in_force"]


async def test_a_glass_for_a_post_that_nobody_asked_about_is_for_its_account_and_links_and_says_what_it_is(
    world: World,
) -> None:
    found = read_hold(world.store, world.hold())
    assert found is not None
    this = ThisPost("acme", "x", "post-1", "Leave now", account="@Acme_News", links=("https://acme.example/a",))
    assert hold_deeds.break_glass(world.store, this, "bo", "a warning", SETTINGS, ROLES, world.now_ms)[0] == "done"

    async def asked(account: str, *links: str, text: str = "Leave now") -> str:
        post = OutgoingPost(id="post-1", text=text, links=links)
        request = GateRequest(brand="acme", platform="x", account=account, post=post)
        return (await world.gate.decide(request, SCHEDULER)).reasons[0].code.value

    assert await asked("acme_jobs", "https://acme.example/a") == "hold_in_force"
    assert await asked("acme_news", "https://evil.example") == "hold_in_force"
    assert await asked("acme_news") == "hold_in_force"
    assert await asked("acme_news", "https://acme.example/a", text="Come in") == "hold_in_force"
    assert await asked("acme_news", "https://acme.example/a") == "break_glass"
    assert await asked("acme_news", "https://acme.example/a") == "hold_in_force"
    history = incident_history(world.store, found.incident)
    (entry,) = [one.entry for one in history if isinstance(one.entry, GlassBroken)]
    assert entry.unasked
    with reading(world.store) as conn:
        bodies = [str(body) for body in conn.execute(select(schema.outbox.c.body)).scalars()]
    assert sum("Nobody has asked the gate about this post" in body for body in bodies) == 2


async def test_broken_glass_expires(world: World) -> None:
    world.hold()
    await world.ask(1)
    world.glass(1)
    world.now_ms += 15 * MINUTE_MS
    assert "break_glass" not in await world.codes(1)


async def test_only_who_is_named_for_it_breaks_the_glass(world: World) -> None:
    world.hold()
    await world.ask(1)
    assert world.glass(1, "ada") is HoldTold.NOT_IN_THE_ROLES
    assert world.paged()[3:] == []


async def test_there_is_no_glass_where_nothing_is_held(world: World) -> None:
    assert world.glass(1) is HoldTold.NOTHING_HELD


@pytest.mark.parametrize("at_ms", [253_402_387_139_000, -62_135_647_200_000])
async def test_a_post_with_a_time_that_no_calendar_has_is_shown_passed_and_answered(world: World, at_ms: int) -> None:
    hold = world.hold()
    await world.ask(1)
    with writing(world.store) as conn:
        conn.execute(update(schema.held_posts).values(scheduled_ms=at_ms, not_before_ms=at_ms))
    (post,) = held_for(world.store, hold)
    assert [rfc3339(one)[:4] in ("2000", "2100") for one in (post.scheduled_ms or 0, post.not_before_ms or 0)] == [
        True,
        True,
    ]
    assert world.say(1, PostWord.PASS) is HoldTold.DONE
    world.release(hold)
    assert (await world.codes(1))[0] in ("passed_by_person", "not_yet")


# --- detection that is dead -------------------------------------------------------------------------------------------


def pulse(world: World, reached_ms: int, process: str = "w", at_ms: int | None = None) -> None:
    world.now_ms += 1_000  # longer than what was known of detection counts
    write_pulse(world.store, Pulse(Role.WATCH, process, at_ms or world.now_ms, START_MS - 10**6, reached_ms))


async def test_while_detection_is_dead_automated_posts_are_held_and_ops_are_paged_once(world: World) -> None:
    world.gate = Gate(world.store, rules(dead_after_ms=10 * MINUTE_MS), lambda: world.now_ms)
    assert await world.codes(1) == ["detection_dead"], "nothing was ever heard of it"
    pulse(world, START_MS)
    assert await world.codes(2) == ["no_hold"]
    world.now_ms += 11 * MINUTE_MS
    pulse(world, START_MS)
    assert await world.codes(3) == ["detection_dead"]
    await world.gate.look()
    await world.gate.look()
    assert world.paged() == [("page", "ops")]
    pulse(world, world.now_ms)
    assert await world.codes(4) == ["no_hold"]
    assert await world.codes(3) == ["was_held"]
    assert world.say(3, PostWord.PASS) is HoldTold.DONE
    assert await world.codes(3) == ["passed_by_person"]


async def test_a_brand_whose_posts_go_on_without_detection_is_not_held(world: World) -> None:
    says = rules(dead_after_ms=10 * MINUTE_MS, says=Otherwise.ALLOW)
    world.gate = Gate(world.store, says, lambda: world.now_ms)
    assert await world.codes(1) == ["no_hold"]


async def test_the_slowest_of_the_watch_processes_that_live_counts(world: World) -> None:
    world.gate = Gate(world.store, rules(dead_after_ms=10 * MINUTE_MS), lambda: world.now_ms)
    world.now_ms += 20 * MINUTE_MS
    pulse(world, world.now_ms, "fast")
    pulse(world, START_MS, "ended", at_ms=START_MS)
    assert await world.codes(1) == ["no_hold"]
    pulse(world, START_MS, "slow")
    assert await world.codes(2) == ["detection_dead"]


# --- leases -----------------------------------------------------------------------------------------------------------


def wake_all(world: World) -> None:
    for timer in timers.due(world.store, world.now_ms, 100):
        wake(world.store, timer, Library([]), list(SETTINGS.brands), lambda role: frozenset(), world.now_ms)


async def test_at_the_end_of_its_lease_a_hold_asks_its_people_and_stays(world: World) -> None:
    hold = world.hold(ask_again_min=60)
    wake_all(world)
    assert ("page", "on-call") not in world.paged()
    for times in (1, 2, 3):
        world.now_ms += 60 * MINUTE_MS
        wake_all(world)
        assert world.paged().count(("page", "on-call")) == times
        assert await world.codes(times) == ["hold_in_force"]
    world.release(hold)
    world.now_ms += 60 * MINUTE_MS
    wake_all(world)
    assert world.paged().count(("page", "on-call")) == 3


async def test_a_hold_of_an_incident_that_is_over_asks_too(world: World) -> None:
    hold = world.hold(ask_again_min=60)
    found = read_hold(world.store, hold)
    assert found is not None
    assert resolve(world.store, found.incident, "ada", "it was nothing", world.now_ms) is Told.DONE
    world.now_ms += 60 * MINUTE_MS
    wake_all(world)
    assert ("page", "on-call") in world.paged()
    assert await world.codes(1) == ["hold_in_force"]


def test_a_playbooks_hold_asks_again_after_its_time(store: Engine) -> None:
    crisis(store)
    (hold,) = holds_in_force(store)
    with reading(store) as conn:
        bodies = list(conn.execute(select(schema.timers.c.body)).scalars())
    assert {"type": "ask_again", "hold": hold.id} in bodies
