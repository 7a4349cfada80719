"""Which brands a post is about."""

from __future__ import annotations

import pytest

from playbooks.settings.brands import BrandSettings
from streams.settings import SettingsError
from streams.sources.terms import Passage, Terms


def _found(term: str, passage: Passage) -> bool:
    return Terms({"acme": BrandSettings(terms=(term,))}).brands_in(passage) == ("acme",)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("acme", "acme"),
        ("acme", "ACME!"),
        ("ACME", "my acme's broken"),
        ("acme", "my acme’s broken"),
        ("acme", "(acme)"),
        ("acme", "no more #acme for me"),
        ("acme", "hey @acme do something"),
        ("acme", "see https://acme.example/x"),
        ("acme", "ac\u200bme"),
        ("acme", "ＡＣＭＥ"),
        ("straße", "STRASSE"),
        ("acme air", "Acme\n  Air lost it"),
        ("at&t", "AT&T again"),
        ("mcdonald's", "McDonald’s"),
        ("c++", "I write C++ daily"),
        ("アクメ", "最高アクメ航空だ"),
        ("#acmefail", "oh #AcmeFail"),
        ("@acme.com", "thanks @acme.com."),
        ("@acme.com", "thanks @ACME.com, really"),
        ("acme.com", "go to acme.com/help"),
        ("acme.com", "ask @acme.com"),
    ],
)
def test_a_term_is_found(term: str, text: str) -> None:
    assert _found(term, Passage(text))


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("acme", "acmesthetic"),
        ("acme", "placme"),
        ("acme", "acme2"),
        ("acme air", "acme and air"),
        ("acme air", "acme airship"),
        ("at&t", "at t"),
        ("#acmefail", "acmefail"),
        ("#acmefail", "#acmefails"),
        ("@acme.com", "acme.com"),
        ("@acme.com", "@acme.com.evil.example"),
        ("@acme.com", "me@acme.com"),
        ("@acme", "@acme.bsky.social"),
        ("acme.com", "acme.community"),
        ("acme.com", "acmexcom"),
        ("acme", ""),
    ],
)
def test_a_term_is_not_found_in_what_only_looks_like_it(term: str, text: str) -> None:
    assert not _found(term, Passage(text))


@pytest.mark.parametrize(("term", "tag"), [("acme air", "AcmeAir"), ("acme", "ACME"), ("#acmefail", "acmefail")])
def test_a_hashtag_the_platform_marks_up_is_found(term: str, tag: str) -> None:
    assert _found(term, Passage("", tags=(tag,)))


def test_a_longer_hashtag_is_another_one() -> None:
    assert not _found("acme", Passage("", tags=("acmefail",)))


@pytest.mark.parametrize("link", ["https://acme.com", "http://www.ACME.com:8080/x?y#z", "https://acme.com./"])
def test_a_link_to_the_domain_or_below_it_is_found(link: str) -> None:
    assert _found("acme.com", Passage("look", links=(link,)))


@pytest.mark.parametrize("link", ["https://notacme.com", "https://acme.com.evil.example", "https://[bad", "acme.com"])
def test_a_link_elsewhere_is_not_found(link: str) -> None:
    assert not _found("acme.com", Passage("look", links=(link,)))


def test_a_marked_up_mention_of_an_own_account_is_found() -> None:
    terms = Terms({"acme": BrandSettings(own_accounts=("did:plc:acme", "@help.acme.com"))})
    assert terms.brands_in(Passage("hey you", accounts=("did:plc:acme",))) == ("acme",)
    assert terms.brands_in(Passage("hey @help.acme.com")) == ("acme",)
    assert terms.brands_in(Passage("hey you", accounts=("did:plc:other",))) == ()


def test_a_brands_own_account_is_known_as_the_writer() -> None:
    terms = Terms({"acme": BrandSettings(own_accounts=("did:plc:acme", "@help.acme.com"))})
    assert terms.written_by("did:plc:acme") == {"acme"}
    assert terms.written_by("help.acme.com") == {"acme"}
    assert terms.written_by("did:plc:other") == frozenset()


def test_a_post_about_two_brands_names_both() -> None:
    terms = Terms({"zenith": BrandSettings(terms=("zenith",)), "acme": BrandSettings(terms=("acme",))})
    assert terms.brands_in(Passage("Zenith is worse than Acme")) == ("acme", "zenith")


def test_one_term_may_belong_to_two_brands() -> None:
    terms = Terms({"a": BrandSettings(terms=("shared",)), "b": BrandSettings(terms=("shared",))})
    assert terms.brands_in(Passage("shared", tags=("shared",))) == ("a", "b")


@pytest.mark.parametrize("term", ["", "  ", "#", "@", "!!"])
def test_a_term_without_a_letter_is_refused_with_its_place(term: str) -> None:
    with pytest.raises(SettingsError, match=r"brands\.acme\.terms\[1\]: found .*letter or digit"):
        Terms({"acme": BrandSettings(terms=("acme", term))})


def test_nothing_to_look_for_is_refused() -> None:
    with pytest.raises(SettingsError, match="no brand has terms"):
        Terms({"acme": BrandSettings()})
