"""Words and links as people may see them: what says something, and nothing that harms."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.bucket import MAX_TERMS, Digest
from detectors.voices.complaints import Complaints
from detectors.voices.links import LONGEST_LINK, is_shown, links_of, shown
from detectors.voices.rising import Usual, UsualState
from detectors.voices.words import LONGEST_TERM, is_term, telling, words_of
from tests.parts.stream_records import MIN, T0, beat, gathered, said

HOSTILE = (
    "<script>alert(1)</script> @channel \u202eevil\u202c #<b>bold</b> a\x00b \x1b[31mred {{7*7}} ${HOME} `rm` "
    "https://user:pw@evil.example/x?y=1#z " + "long" * 50
)


@given(st.text(max_size=600) | st.just(HOSTILE))
def test_no_term_holds_a_control_character_a_bidi_mark_or_markup(text: str) -> None:
    for term in telling(words_of(text), 20):
        assert 3 <= len(term) <= LONGEST_TERM
        assert term.isprintable()
        assert not set(term) & set(
            '<>&@`${}[]()/\\"; \u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069'
        )
        assert is_term(term)


def test_handles_links_and_words_that_say_nothing_are_no_terms() -> None:
    said = words_of("@acme why is the checkout broken AGAIN https://acme.example/pay #AcmeFail 2026 w/ www.x.example")
    assert telling(said, 20) == ["#acmefail", "checkout", "broken"]


def test_terms_of_other_scripts_are_terms() -> None:
    assert telling(words_of("Доставка опоздала на неделю"), 20) == ["доставка", "опоздала", "неделю"]


def test_the_words_of_four_angry_posts_are_told_and_share_the_room_of_a_cell() -> None:
    text = "awful awful " + " ".join(f"word{number}" for number in range(MAX_TERMS))
    [only] = gathered(*(said(number, text=text, reach=number) for number in range(6)), beat(T0 + MIN)).cells
    told = {digest.id: digest.terms.split() for digest in only.digests if digest.terms}
    assert sorted(told) == ["2", "3", "4", "5"], "what most people may have seen"
    assert {len(terms) for terms in told.values()} == {MAX_TERMS // 4}
    assert sorted(digest.id for digest in only.digests if digest.text) == sorted(told), "these alone are quoted"


@pytest.mark.parametrize(
    ("link", "seen"),
    [
        ("HTTPS://Acme.Example/a/b?utm=1#top", "acme.example/a/b"),
        ("http://acme.example", "acme.example"),
        ("https://acme.example:443@evil.example:8080/x", "evil.example/x"),
        ("https://evil.example/<script>\"'`&{}|", "evil.example/script"),
        ("https://evil.example/\u202egpj.exe", "evil.example"),
        ("https://evil.example/a\nb", "evil.example/a"),
        ("https://localhost/x", None),
        ("javascript:alert(1)", None),
        ("//evil.example", None),
        ("https://аcme.example/", None),
        ("", None),
    ],
)
def test_a_link_is_host_and_path(link: str, seen: str | None) -> None:
    assert shown(link) == seen


@given(st.text(max_size=200), st.text(max_size=50))
def test_whatever_is_shown_of_a_link_is_short_printable_ascii_and_known_again(host: str, path: str) -> None:
    link = shown(f"https://{host}.example/{path}")
    if link is not None:
        assert len(link) <= LONGEST_LINK
        assert link.isascii()
        assert link.isprintable()
        assert not set(link) & set("<>\"'`&@ ?#")
        assert is_shown(link)


def test_a_post_shares_each_link_once() -> None:
    assert links_of(("https://a.example/x?1", "https://a.example/x?2"), "https://b.example") == {"a.example/x"}


# --- rising terms -----------------------------------------------------------------------------------------------------


def test_what_is_always_said_does_not_rise_and_what_is_new_does() -> None:
    usual = Usual()
    for number in range(300):
        usual.learn(["waiting", "hotline", f"word{number}"])
    found = usual.rising([["waiting", "hotline", "poison"]] * 6 + [["hotline", "recall", "poison"]] * 4, ())
    assert [(term.text, term.people) for term in found] == [("poison", 10), ("recall", 4)]
    assert found[0].usual < 0.05


def test_one_person_is_no_rise_and_the_brands_name_is_none_either() -> None:
    said = [["acme", "#acme", "poison"], ["acme", "#acme", "bread"]]
    assert Usual().rising(said, {"acme"}) == ()


def test_what_is_usual_is_forgotten_by_halves_and_kept_exactly() -> None:
    usual = Usual()
    for _ in range(5_000):
        usual.learn(["old"])
    for number in range(9_000):
        usual.learn(["new"])
        if number % 3_000 == 0:
            usual = Usual(usual.state())
    assert usual.rising([["old", "new"]] * 9, ()) != ()
    assert Usual(usual.state()).state() == usual.state()
    assert len(usual.state().places) < 3_000
    assert Usual(UsualState()).state() == UsualState()


# --- complaints -------------------------------------------------------------------------------------------------------


def complaint(number: int, terms: str, reach: int = 0, negativity: float = 0.9) -> Digest:
    return Digest(f"p{number}", number * 1_000, number, b"", negativity, reach=reach, terms=terms)


def test_of_a_buckets_complaints_those_most_people_may_have_seen_are_kept() -> None:
    complaints = Complaints()
    complaints.hear("x", [(complaint(n, "", reach=n), 1.0) for n in range(20)])
    assert [post.id for post in complaints.posts("x", 0)] == ["p15", "p16", "p17", "p18", "p19"]


def test_young_accounts_and_copies_are_shown_last_and_put_no_words_into_anybodys_mouth() -> None:
    complaints = Complaints()
    bots = [(complaint(n, "scandal boycott", reach=10**6), 0.1) for n in range(20)]
    complaints.hear("x", [*bots, (complaint(30, "parcel leak"), 1.0), (complaint(31, "parcel leak"), 1.0)])
    assert {"p30", "p31"} <= {post.id for post in complaints.posts("x", 0)}
    assert [term.text for term in complaints.rising("x", 0, "acme")] == ["leak", "parcel"]


def test_a_post_is_quoted_and_one_of_a_young_account_only_named() -> None:
    complaints = Complaints()
    said = msgspec.structs.replace(complaint(1, ""), text="Never again!", handle="ada")
    bot = msgspec.structs.replace(said, id="p2", text="BOYCOTT", handle="bot77")
    complaints.hear("x", [(said, 1.0), (bot, 0.1)])
    assert {(post.id, post.text, post.handle) for post in complaints.posts("x", 0)} == {
        ("p1", "Never again!", "ada"),
        ("p2", "", ""),
    }


def test_a_post_that_is_taken_down_takes_its_words_with_it() -> None:
    complaints = Complaints()
    complaints.hear("x", [(complaint(1, "parcel leak"), 1.0), (complaint(2, "parcel leak"), 1.0)])
    complaints.take_down("bluesky", {"p1"})
    assert complaints.rising("x", 0, "acme") != ()
    complaints.take_down("x", {"p1"})
    assert complaints.rising("x", 0, "acme") == ()
    assert [post.id for post in complaints.posts(None, 0)] == ["p2"]


def test_terms_that_triage_would_not_send_are_not_shown() -> None:
    complaints = Complaints()
    bad = "<b>leak</b> " + "x" * 99 + " the leak"
    complaints.hear("x", [(complaint(1, bad), 1.0), (complaint(2, bad), 1.0)])
    assert [term.text for term in complaints.rising("x", 0, "acme")] == ["leak"]
