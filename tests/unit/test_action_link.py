"""Links that act: for one incident, one person and one thing, until they expire; anything else does nothing."""

from __future__ import annotations

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.effects.action_link import ActionLink, LinkRefused, What, address_of, read_token, token_of
from playbooks.effects.message import Acting, Links, links_of
from playbooks.secret import Secret
from tests.parts.messages import NOTICE

SECRET = Secret("the-secret-of-the-links")
LINK = ActionLink("inc-1", "ada", What.ACKNOWLEDGE, 1_767_603_600)
BEFORE_MS = 1_767_603_599_999
NAMES = st.text(st.characters(codec="utf-8"), max_size=40)


@given(incident=NAMES, person=NAMES, what=st.sampled_from(What), expires_s=st.integers(0, 2**40))
def test_what_was_signed_is_read_back(incident: str, person: str, what: What, expires_s: int) -> None:
    link = ActionLink(incident, person, what, expires_s)
    assert read_token(token_of(link, SECRET), SECRET, expires_s * 1000 - 1) == link
    assert read_token(token_of(link, SECRET), SECRET, expires_s * 1000) is LinkRefused.EXPIRED


@given(place=st.integers(0, 200), letter=st.characters(codec="ascii"))
def test_no_other_token_does_anything(place: int, letter: str) -> None:
    token = token_of(LINK, SECRET)
    place %= len(token)
    other = token[:place] + letter + token[place + 1 :]
    found = read_token(other, SECRET, BEFORE_MS)
    assert found is LinkRefused.NOT_OURS if other != token else found == LINK


@given(st.text(max_size=300))
def test_rubbish_is_refused_and_breaks_nothing(token: str) -> None:
    assert read_token(token, SECRET, 0) is LinkRefused.NOT_OURS


def test_a_token_of_another_secret_is_refused() -> None:
    assert read_token(token_of(LINK, Secret("another secret")), SECRET, BEFORE_MS) is LinkRefused.NOT_OURS


def test_a_link_that_acknowledges_does_not_escalate() -> None:
    said = token_of(LINK, SECRET)
    asked = token_of(msgspec.structs.replace(LINK, what=What.ESCALATE), SECRET)
    crossed = asked.partition(".")[0] + "." + said.partition(".")[2]
    assert read_token(crossed, SECRET, BEFORE_MS) is LinkRefused.NOT_OURS


def test_what_is_signed_and_no_link_is_refused() -> None:
    """Another use of the same secret makes no links."""
    for said in (b"[]", b'["inc-1","ada","release",1]', b'["inc-1","ada","acknowledge",1,2]'):
        forged = base64.urlsafe_b64encode(said).rstrip(b"=").decode()
        assert read_token(f"{forged}.{'A' * 22}", SECRET, 0) is LinkRefused.NOT_OURS


def test_a_longer_token_than_any_of_ours_is_not_looked_at() -> None:
    assert read_token("a" * 1_000_000 + ".b", SECRET, 0) is LinkRefused.NOT_OURS


def test_the_address_needs_no_quoting_and_fits_into_a_text() -> None:
    address = address_of("https://fire.example.org", LINK, SECRET)
    assert all(letter.isalnum() or letter in "-_.:/" for letter in address)
    assert len(address) < 160


def test_a_message_carries_a_link_for_each_thing_to_its_person_alone() -> None:
    links = links_of("https://fire.example.org", NOTICE, Acting("ada", 1_767_603_600, SECRET))
    assert isinstance(links, Links)
    for address, what in ((links.acknowledge, What.ACKNOWLEDGE), (links.escalate, What.ESCALATE)):
        found = read_token(address.rpartition("/")[2], SECRET, BEFORE_MS)
        assert found == ActionLink("inc-1", "ada", what, 1_767_603_600)


def test_without_a_public_address_or_a_secret_there_is_none() -> None:
    assert links_of(None, NOTICE, Acting("ada", 1_767_603_600, SECRET)) is None
    plain = links_of("https://fire.example.org", NOTICE)
    assert plain is not None
    assert (plain.acknowledge, plain.escalate) == ("", "")


@pytest.mark.parametrize("refused", LinkRefused)
def test_why_a_link_does_nothing_is_said_in_words(refused: LinkRefused) -> None:
    assert refused.words.endswith(".")
