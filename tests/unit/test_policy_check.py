"""What outgoing posts are read for beside their words: secrets, people's data, links, tragedies, topics, platforms."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.labels import Verdict
from playbooks.policy.check import Checked, Surroundings, check
from playbooks.policy.domains import lookalikes_in
from playbooks.policy.finding import MEANING, Finding, PolicyReason, found
from playbooks.policy.limits import LIMITS, graphemes, on_mastodon, on_x, over_the_limit
from playbooks.policy.override import Override, Refusal, overridden, text_hash
from playbooks.policy.personal import personal_data_in
from playbooks.policy.secrets import secrets_in
from playbooks.policy.tone import ToneModel, read
from playbooks.policy.topics import Approval, house_words
from playbooks.policy.tragedy import COUNTS_FOR_MS, FEWEST_MENTIONS, Mood, mood_of, rides_on_tragedy
from playbooks.settings.brands import LimitSettings, PolicySettings, TopicSettings

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
WORD = Override("ada", "our tone of voice", text_hash(TEXT), at_ms=9)


def test_an_editor_lets_a_post_go_and_what_had_been_found_is_kept() -> None:
    after = overridden(checked(TEXT), TEXT, WORD, {"ada"}, "bob")
    assert not isinstance(after, Refusal)
    answer, row = after
    assert answer.verdict is Verdict.ALLOW
    assert answer.reasons == ("overridden", "obscenity")
    assert (row.person, row.reason, row.verdict, row.reasons) == ("ada", WORD.reason, Verdict.HOLD, ("obscenity",))


@pytest.mark.parametrize(
    ("word", "editors", "author", "refusal"),
    [
        (WORD, {"bob"}, "bob", Refusal.NO_EDITOR),
        (WORD, {"ada"}, "ada", Refusal.OWN_POST),
        (WORD, {"ada"}, None, Refusal.OWN_POST),
        (Override("ada", " \n", WORD.text_hash, 9), {"ada"}, "bob", Refusal.NO_REASON),
        (Override("ada", "fine", text_hash("another"), 9), {"ada"}, "bob", Refusal.OTHER_TEXT),
    ],
)
def test_an_editors_word_counts_for_this_text_with_a_reason_and_of_another_person(
    word: Override, editors: set[str], author: str | None, refusal: Refusal
) -> None:
    assert overridden(checked(TEXT), TEXT, word, editors, author) is refusal


def test_nobody_lets_a_secret_go() -> None:
    answer = Checked(Verdict.REJECT, (found(PolicyReason.SECRET, Verdict.REJECT),))
    assert overridden(answer, TEXT, WORD, {"ada"}, "bob") is Refusal.SECRET
    assert isinstance(answer.findings[0], Finding)
