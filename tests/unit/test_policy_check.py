"""What outgoing posts are read for beside their words: secrets, people's data, links, tragedies, topics, platforms."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from detectors.signal import Signal, SignalKind, Term
from playbooks.labels import EditorialWord, GateReason, Verdict
from playbooks.policy.check import LONGEST_READ, Checked, Surroundings, check
from playbooks.policy.domains import lookalikes_in
from playbooks.policy.finding import MEANING, PolicyReason, found
from playbooks.policy.limits import LIMITS, graphemes, on_mastodon, on_x, over_the_limit
from playbooks.policy.moods import moods_of
from playbooks.policy.override import Standing, Told, Word, after, refused_to_approve, refused_to_let_go
from playbooks.policy.personal import personal_data_in
from playbooks.policy.secrets import secrets_in
from playbooks.policy.tone import ToneModel, read
from playbooks.policy.topics import Approval, house_words
from playbooks.policy.tragedy import COUNTS_FOR_MS, FEWEST_MENTIONS, Mood, mood_of, rides_on_tragedy
from playbooks.settings.brands import LimitSettings, PolicySettings, TopicSettings
from tests.parts.holding import signal

MODEL = ToneModel()


def checked(text: str, platform: str = "x", rules: PolicySettings | None = None, **around: object) -> Checked:
    surroundings = Surroundings(**around)  # type: ignore[arg-type]
    return check(text, platform, MODEL, 0, rules=rules or PolicySettings(), around=surroundings)


# --- secrets ----------------------------------------------------------------------------------------------------------

# Put together here, so that no scanner takes this file for a leak.
KEYS = {
    "an AWS access key": "AKIA" + "IOSFODNN7EXAMPLE",
    "a GitHub token": "ghp_" + "a1B2" * 9,
    "a GitLab token": "glpat-" + "x" * 20,
    "a Slack token": "xoxb-" + "1234567890-abc",
    "a Slack webhook": "https://hooks.slack.com/services/" + "T00/B00/XXXX",
    "a Stripe key": "sk_live_" + "4" * 24,
    "a Google API key": "AIza" + "S" * 35,
    "a SendGrid key": "SG." + "a" * 22 + "." + "b" * 43,
    "an npm token": "npm_" + "a" * 36,
    "a PyPI token": "pypi-AgEI" + "c" * 60,
    "an API key of a language model": "sk-ant-" + "z" * 40,
    "a Twilio key": "SK" + "0a" * 16,
    "a Telegram bot token": "123456789:AA" + "h" * 33,
    "a private key": "-----BEGIN RSA PRIVATE KEY-----",
    "a signed token (JWT)": "eyJ" + "hbGciOiJIUzI1NiJ9." + "eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0." + "c2lnbmF0dXJl",
    "an address with a password in it": "postgres://app:hunter22@db.example/app",
}


@pytest.mark.parametrize("what", KEYS)
def test_a_key_is_rejected_and_never_repeated(what: str) -> None:
    answer = checked(f"Our new release: {KEYS[what]} !")
    secret = [finding for finding in answer.findings if finding.reason is PolicyReason.SECRET]
    assert answer.verdict is Verdict.REJECT
    assert f"({what})" in secret[0].text
    assert KEYS[what] not in "".join(
        finding.text for finding in answer.findings if finding.reason is PolicyReason.SECRET
    )


@pytest.mark.parametrize("text", ["wifi password: Tiger77", "pwd=abc123!", "The PIN is: 0815", "API key = zz-9-plural"])
def test_what_is_called_a_password_is_held(text: str) -> None:
    assert [finding.verdict for finding in secrets_in(text)] == [Verdict.HOLD]


@pytest.mark.parametrize(
    "text",
    [
        *("Change your password: it takes a minute", "The secret is out", "Your login is safe", "A token of love"),
        *("Password: see https://x.example/1", "Forgot your password? Tap here"),
    ],
)
def test_to_speak_of_passwords_is_to_tell_none(text: str) -> None:
    assert list(secrets_in(text)) == []


# --- people's data ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "what", "verdict"),
    [
        ("Jo lives on, write to jo.doe@mail.example", "an e-mail address", Verdict.HOLD),
        ("Call Jo: +49 (0)30 1234-5678", "a telephone number", Verdict.HOLD),
        ("Call Jo: (212) 555-0187", "a telephone number", Verdict.HOLD),
        ("He paid with 4111 1111 1111 1111", "a payment card's number", Verdict.REJECT),
        ("To DE89 3704 0044 0532 0130 00 please", "a bank account's number", Verdict.HOLD),
        ("SSN 536-90-4399", "a social security number", Verdict.REJECT),
    ],
)
def test_data_of_people_is_told_by_its_kind(text: str, what: str, verdict: Verdict) -> None:
    assert [(finding.verdict, what in finding.text) for finding in personal_data_in(text)] == [(verdict, True)]


@pytest.mark.parametrize(
    "text",
    [
        *("Flight 1549 on 2009-01-15 at 15:24", "Only 1,234,567,890 left", "Order 4111111111111112", "1-800-555-0199"),
        *("0800 123 4567", "https://x.example/4111111111111111", "1111 1111 1111 1111", "@jo.doe", "$1,000,000,000.00"),
        *("id 1234567890123", "2024 2025 2026", "DE88 3704 0044 0532 0130 00"),
    ],
)
def test_numbers_that_are_nobodys_go(text: str) -> None:
    assert list(personal_data_in(text)) == []


def test_what_the_brand_gives_out_is_nobodys() -> None:
    rules = PolicySettings(domains=("acme.example",), contacts=("+49 30 12345678", "press@agency.example"))
    text = "press@agency.example, hi@help.acme.example or +49-30-12345678"
    assert checked(text, rules=rules).findings == ()
    assert checked(text + " or jo@agency.example", rules=rules).reasons == ("personal_data",)


# --- links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        *("https://acmeair-support.com", "http://acmeair.evil.example/x", "https://login-acmeair.net", "acmeair.co"),
        *("https://acrneair.com", "https://acmea1r.com", "https://acmeiar.com", "https://acmair.com"),
        *("https://\u0430cmeair.com", "https://acmeair.com@evil.example-acmeair.org/", "https://my-acmeair-login.example"),
        *("https://93.184.216.34/acme", "https://acm\u00e9air.com:8443/"),
    ],
)  # fmt: skip
def test_a_link_that_looks_like_the_brands_own_is_held(link: str) -> None:
    assert [f.reason for f in lookalikes_in(f"Help is here: {link}", (), ["acmeair.com"])] == [
        PolicyReason.LOOKALIKE_DOMAIN
    ]


@pytest.mark.parametrize(
    "link",
    [
        *("https://acmeair.com", "https://www.acmeair.com/x?y#z", "HTTPS://ACMEAIR.COM.", "acmeair", "jo@acmeair.com"),
        *("https://news.example/acmeair", "https://x.com/acmeair", "great.Thanks", "https://airfare.example"),
        "https://acme.example",
    ],
)
def test_the_brands_own_links_and_everybody_elses_go(link: str) -> None:
    assert list(lookalikes_in(f"Help is here: {link} now", (), ["acmeair.com"])) == []


def test_links_that_are_only_listed_are_read_too_and_a_brand_without_domains_has_no_lookalikes() -> None:
    assert list(lookalikes_in("Help", ("https://acmeair-help.example/x",), ["acmeair.com"]))
    assert list(lookalikes_in("Help", ("acmeair-help.example/x",), ["acmeair.com"]))
    assert not list(lookalikes_in("Help", ("acmeair.com/x", "HTTPS://acmeair.com:443"), ["acmeair.com"]))
    assert not list(lookalikes_in("Help", ("https://acmeair-help.example/x",), []))


@given(st.text(max_size=60))
def test_any_link_can_be_read(text: str) -> None:
    list(lookalikes_in(f"https://{text}", (f"https://{text}",), ["acmeair.com"]))


# --- tragedies --------------------------------------------------------------------------------------------------------


def test_a_post_may_not_ride_on_a_hashtag_in_grief_or_anger() -> None:
    moods = {"stormida": Mood(500, 0.3, 0.1, 0), "boycott": Mood(500, 0.0, 0.6, 0), "friday": Mood(500, 0.05, 0.1, 0)}
    assert checked("Umbrellas! #StormIda", moods=moods).reasons == ("tragedy",)
    assert "are angry" in checked("Coffee! #boycott.", moods=moods).findings[0].text
    assert checked("Coffee! #friday", moods=moods).findings == ()


@pytest.mark.parametrize(
    "mood", [Mood(FEWEST_MENTIONS - 1, 1.0, 1.0, 0), Mood(500, 0.19, 0.39, 0), Mood(500, 1.0, 1.0, -COUNTS_FOR_MS - 1)]
)
def test_a_mood_of_few_or_long_ago_or_of_ordinary_days_says_nothing(mood: Mood) -> None:
    assert list(rides_on_tragedy(read("Coffee! #friday"), {"friday": mood}, 0)) == []


def test_the_mood_of_a_hashtag_is_what_people_say_under_it() -> None:
    sad = mood_of(["RIP, heartbreaking", "praying for the victims", "my condolences"] * 10 + ["ok"] * 10, 7)
    angry = mood_of(["you disgusting liars", "shame on you, worst scum"] * 20 + ["ok"] * 10, 7)
    assert (sad.mentions, sad.grieving, sad.at_ms) == (40, 0.75, 7)
    assert (angry.angry, angry.grieving) == (0.8, 0.0)
    assert mood_of([], 0).mentions == 0


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Thoughts and prayers! 20 % off with code PRAY, shop now", True),
        ("Earthquake deals: shake off the prices, buy today", True),
        ("The victims of the flood are dead; win a boat", True),
        ("Our thoughts and prayers are with the victims", False),
        ("Earthquake: our shelters are open for everybody", False),
        ("War on prices: all deals", False),
        ("Dead cheap: save now", False),
    ],
)
def test_an_offer_beside_a_tragedy_is_held_and_either_alone_goes(text: str, held: bool) -> None:
    assert bool(list(rides_on_tragedy(read(text), {}, 0))) is held


# --- the brand's own rules --------------------------------------------------------------------------------------------

RULES = PolicySettings(
    words={"cheap": "we say affordable", "old name*": "we have a new one"},
    topics={"health": TopicSettings(words=("cures*", "clinically proven"), approvers=("legal", "ada"))},
    limits={"x": LimitSettings(chars=25_000), "instagram": LimitSettings(tags=5)},
)


@pytest.mark.parametrize(
    "text", ["Cheap!", "#cheap", "so CHEAP.", "\uff43heap", "ch\u0435ap", "Old  Names live on", "#oldname"]
)
def test_a_word_that_the_brand_does_not_use_is_held_with_its_reason(text: str) -> None:
    findings = list(house_words(text, RULES))
    assert [finding.reason for finding in findings] == [PolicyReason.BRAND_WORD]
    assert "we " in findings[0].text


@pytest.mark.parametrize("text", ["cheaper", "escheap", "old naming"])
def test_a_word_is_met_whole(text: str) -> None:
    assert list(house_words(text, RULES)) == []


@pytest.mark.parametrize(
    ("approval", "goes"),
    [
        (Approval("health", "ada"), True),
        (Approval("health", "eve", frozenset(["legal"])), True),
        (Approval("health", "eve", frozenset(["sales"])), False),
        (Approval("wealth", "ada"), False),
    ],
)
def test_a_topic_goes_once_one_who_may_has_approved_it(approval: Approval, goes: bool) -> None:
    assert checked("It CURES everything", rules=RULES).reasons == ("topic_not_approved",)
    answer = checked("It CURES everything", rules=RULES, approvals=(approval,))
    assert (answer.verdict is Verdict.ALLOW) is goes


# --- platforms --------------------------------------------------------------------------------------------------------


def test_each_platform_counts_in_its_own_way() -> None:
    link = "https://a-long-address.example/" + "x" * 200
    assert (on_x(link), on_mastodon(link), graphemes(link) > 200) == (23, 23, True)
    assert (on_x("\U0001f600"), on_x("caf\u00e9"), on_x("cafe\u0301"), on_x("\u65e5\u672c")) == (2, 4, 4, 4)
    family, flag, thumb = "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd"
    assert [on_x(one) for one in (family, flag, thumb)] == [2, 2, 2]
    assert [graphemes(one) for one in (family, flag, thumb)] == [1, 1, 1]
    assert on_mastodon("@jo@very-long-server.example hi") == 6


@pytest.mark.parametrize("platform", [name for name, limit in LIMITS.items() if limit.chars is not None])
def test_a_post_as_long_as_the_platform_takes_goes_and_one_more_is_rejected(platform: str) -> None:
    most = LIMITS[platform].chars or 0
    assert not list(over_the_limit("x" * most, platform))
    assert [one.verdict for one in over_the_limit("x" * (most + 1), platform)] == [Verdict.REJECT]


def test_hashtags_are_counted_where_the_platform_counts_them() -> None:
    tags = " ".join(f"#tag{number}" for number in range(31))
    assert [one.reason for one in over_the_limit(tags, "instagram")] == [PolicyReason.TOO_MANY_TAGS]
    assert not list(over_the_limit(tags.removesuffix("#tag30"), "instagram"))
    assert not list(over_the_limit("#1 #2 a#b &#39; #", "threads"))


def test_a_brand_may_say_what_the_platform_takes_of_it() -> None:
    assert checked("x" * 281, rules=RULES).findings == ()
    assert checked("x" * 281).reasons == ("too_long",)
    assert checked("#a #b #c #d #e #f", "instagram", RULES).reasons == ("too_many_tags",)


def test_a_platform_that_nobody_knows_has_no_limits() -> None:
    assert not list(over_the_limit("#x " * 100_000, "elsewhere"))


# --- all together -----------------------------------------------------------------------------------------------------


@given(st.text(max_size=400), st.sampled_from([*LIMITS, "", "elsewhere"]))
def test_whatever_is_posted_gets_an_answer_and_every_finding_has_words(text: str, platform: str) -> None:
    answer = checked(text, platform)
    assert answer.verdict is (max((f.verdict for f in answer.findings), key=list(Verdict).index, default=Verdict.ALLOW))
    assert all(finding.text.startswith(MEANING[finding.reason]) for finding in answer.findings)


def test_every_reason_has_words_for_a_person() -> None:
    assert set(MEANING) == set(PolicyReason)


def test_hostile_posts_are_read_in_time() -> None:
    pieces = (
        "a",
        "f*",
        "# ",
        "1 ",
        "a.",
        "a-",
        "f u c k ",
        "@",
        "x@",
        "eyJ",
        "SG.",
        "pwd=",
        "http://",
        "#a",
        "A1 ",
        "go ",
    )
    began = time.process_time()
    for piece in pieces:
        checked(piece * (8_000 // len(piece)), "facebook", RULES)
    assert time.process_time() - began < len(pieces), "eight thousand signs, each in well below a second"


# --- editors ----------------------------------------------------------------------------------------------------------

TEXT = "It is damn cold"
WORD = Word(EditorialWord.LET_GO, "ada", "Ada Lovelace", "our tone of voice", ("obscenity",))
HELD = Standing(Verdict.HOLD, ("obscenity",), authors=("Bob",))


def test_an_editor_lets_a_post_go_and_the_word_is_told() -> None:
    left = after(checked(TEXT), [WORD], "bob")
    assert (left.verdict, left.reasons) == (Verdict.ALLOW, ("overridden",))
    assert left.findings[0].text == "Ada Lovelace let it go all the same: our tone of voice"


@pytest.mark.parametrize("author", ["ada", "ADA", "@ada", "Ada Lovelace", " ada lovelace "])
def test_nobody_lets_a_post_of_their_own_go_whatever_they_are_called_in_it(author: str) -> None:
    assert after(checked(TEXT), [WORD], author).verdict is Verdict.HOLD
    own = replace(HELD, authors=("Bob", author))
    said = refused_to_let_go(own, ["ada", "Ada Lovelace"], "fine", is_editor=True, may_pass_rejected=True)
    assert said is Told.OWN_POST


@pytest.mark.parametrize(
    ("standing", "reason", "is_editor", "refusal"),
    [
        (HELD, "fine", True, None),
        (HELD, "fine", False, Told.NOT_ALLOWED),
        (HELD, " \n", True, Told.NO_REASON),
        (replace(HELD, reasons=("obscenity", "secret")), "fine", True, Told.SECRET),
        (replace(HELD, verdict=Verdict.REJECT), "fine", True, Told.REJECTED),
        (replace(HELD, reasons=("topic_not_approved",)), "fine", True, Told.NOTHING_TO_SAY),
    ],
)
def test_an_editors_word_is_taken_with_a_reason_for_what_editors_may_pass(
    standing: Standing, reason: str, is_editor: bool, refusal: Told | None
) -> None:
    said = refused_to_let_go(standing, ["ada"], reason, is_editor=is_editor, may_pass_rejected=False)
    assert said is refusal


def test_what_is_rejected_goes_by_an_editor_only_where_the_rules_say_so() -> None:
    rejected = Checked(Verdict.REJECT, (found(PolicyReason.OBSCENITY, Verdict.REJECT),))
    assert after(rejected, [WORD], None).verdict is Verdict.REJECT
    assert after(rejected, [WORD], None, may_pass_rejected=True).verdict is Verdict.ALLOW
    standing = replace(HELD, verdict=Verdict.REJECT)
    assert refused_to_let_go(standing, ["ada"], "fine", is_editor=True, may_pass_rejected=True) is None


def test_what_is_found_later_is_asked_anew() -> None:
    more = Checked(
        Verdict.HOLD, (*checked(TEXT).findings, found(PolicyReason.TRAGEDY, Verdict.HOLD, "#storm: people grieve"))
    )
    assert after(more, [WORD], None).reasons == ("obscenity", "tragedy")


def test_nobody_lets_a_secret_go() -> None:
    answer = Checked(Verdict.HOLD, (found(PolicyReason.SECRET, Verdict.HOLD), *checked(TEXT).findings))
    word = replace(WORD, reasons=("secret", "obscenity"))
    assert after(answer, [word], None, may_pass_rejected=True).verdict is Verdict.HOLD


HEALTH = PolicySettings(topics={"health": TopicSettings(words=("cures*",), approvers=("legal",))})
APPROVED = Word(EditorialWord.APPROVE, "leo", "Leo", "it is proven", topic="health")


def test_an_approver_opens_the_topic_and_nothing_else() -> None:
    both = checked("It damn well cures colds", rules=HEALTH)
    assert both.reasons == ("obscenity", "topic_not_approved")
    assert after(both, [APPROVED], None).reasons == ("obscenity", "topic_approved")
    assert after(both, [WORD], None).reasons == ("topic_not_approved", "overridden")
    assert after(both, [WORD, APPROVED], None).verdict is Verdict.ALLOW


def test_an_approvers_word_is_of_a_topic_that_the_post_has() -> None:
    standing = Standing(Verdict.HOLD, ("topic_not_approved",), ("health",), ("bob",))
    assert refused_to_approve(standing, "health", ["leo"], "proven", is_approver=True) is None
    assert refused_to_approve(standing, "prices", ["leo"], "proven", is_approver=True) is Told.NOTHING_TO_SAY
    assert refused_to_approve(standing, "health", ["leo"], "proven", is_approver=False) is Told.NOT_ALLOWED
    assert refused_to_approve(standing, "health", ["leo"], "", is_approver=True) is Told.NO_REASON
    assert refused_to_approve(standing, "health", ["bob"], "proven", is_approver=True) is Told.OWN_POST


def test_every_reason_of_the_policy_is_one_of_the_gates() -> None:
    assert {reason.value for reason in PolicyReason} <= {reason.value for reason in GateReason}


def test_what_stands_behind_the_longest_that_is_read_is_never_let_go_unread() -> None:
    text = "a " * (LONGEST_READ // 2) + "you morons"
    assert checked(text, "nowhere").reasons == ("not_read_whole",)
    assert checked(text, "x").verdict is Verdict.REJECT


def test_of_a_post_that_is_too_long_the_rest_is_still_told() -> None:
    assert checked("you morons " + "a" * 300).reasons == ("harassment", "too_long")


# --- moods, from signals ----------------------------------------------------------------------------------------------


def of_terms(*terms: Term, kind: SignalKind = SignalKind.NEGATIVITY) -> Signal:
    made = signal()
    return replace(made, kind=kind, evidence=replace(made.evidence, terms=terms))


def test_a_rising_term_of_an_angry_window_is_in_its_mood_and_no_post_rides_on_it() -> None:
    moods = moods_of([(of_terms(Term("#acmefail", 30, 0.0), Term("late", 4, 0.0)), 50)])
    assert moods == {"acmefail": Mood(163, 0.0, 0.73, 50)}
    answer = check("Umbrellas! #AcmeFail", "x", MODEL, 60, around=Surroundings(moods=moods))
    assert answer.reasons == ("tragedy",)
    assert check("Umbrellas! #AcmeFail", "x", MODEL, COUNTS_FOR_MS + 51, around=Surroundings(moods=moods)).reasons == ()


def test_what_no_people_say_has_no_mood() -> None:
    silent = of_terms(Term("#acmefail", 30, 0.0), kind=SignalKind.FLOOD)
    assert moods_of([(silent, 50)]) == {}


# --- what people try --------------------------------------------------------------------------------------------------

ACME = PolicySettings(domains=("acme.example", "acme.com"))


def judged(text: str, *links: str, platform: str = "x") -> tuple[str, ...]:
    return check(text, platform, MODEL, 0, rules=ACME, links=links).reasons


@pytest.mark.parametrize(
    "link",
    [
        *("https://acme.com@evil.net/", "http://acme.com:80@evil.net", "https://acmee.com", "acme.com.evil.net"),
        *("https://acme%2ecom.evil.net", "https://evil.net\\@acme.com"),
    ],
)
def test_a_link_that_hides_where_it_leads_is_held(link: str) -> None:
    assert judged(f"Help is here: {link}") == ("lookalike_domain",)
    assert "lookalike_domain" in judged("Help is here", link)


@pytest.mark.parametrize("link", ["//acrne.com", "https:acrne.com", "\thttps://acrne.com", "ht\ttps://acrne.com"])
def test_a_listed_link_is_read_as_browsers_read_it(link: str) -> None:
    assert judged("Help is here", link) == ("lookalike_domain",)


@pytest.mark.parametrize(
    "link", ["https://acme.com/@jo", "https://jo@acme.com", "acme.com:443/x", "https://me.example/@jo"]
)
def test_links_that_hide_nothing_go(link: str) -> None:
    assert judged("Help is here", link) == ()


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("https://x.example/?k=" + "AKIA" + "IOSFODNN7EXAMPLE", "secret"),
        ("https://u:" + "hunter22@db.example/", "secret"),
        ("mailto:john.doe@mail.example", "personal_data"),
        ("https://x.example/you-fucking-fools", "obscenity"),
    ],
)
def test_listed_links_are_read_for_all_that_texts_are(link: str, reason: str) -> None:
    assert reason in judged("Help is here", link)


@pytest.mark.parametrize("text", ["AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG", "Das passwort: geheim123"])
def test_a_password_by_another_name_is_held(text: str) -> None:
    assert judged(text) == ("secret",)


@pytest.mark.parametrize(
    "text",
    [
        *("4111.1111.1111.1111", "\uff14\uff11\uff11\uff11 1111 1111 1111", "4111\u200b1111\u200b1111\u200b1111"),
        "john.doe [at] gmail [dot] com",
    ],
)
def test_data_of_people_in_another_dress_is_told(text: str) -> None:
    assert judged(f"Ask {text} now") == ("personal_data",)


def test_an_offer_in_per_cent_beside_a_tragedy_is_one() -> None:
    assert judged("Our hearts go out to the victims of the earthquake. 20% off today!") == ("tragedy",)


def test_twitter_is_x() -> None:
    assert judged("a" * 281, platform="twitter") == ("too_long",)
