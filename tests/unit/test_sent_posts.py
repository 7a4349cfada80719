"""Which posts were sent, so that deletions find their brands; and where a stream is taken up again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.sources.resume import Gap, Resume, resume, starts_late
from streams.sources.sent import Sent


def test_a_deletion_finds_the_brands_the_post_was_sent_for() -> None:
    sent = Sent(most=10)
    sent.remember("1", "ann", ("acme", "zenith"))
    assert sent.forget("1") == ("acme", "zenith")


def test_a_post_is_deleted_once() -> None:
    sent = Sent(most=10)
    sent.remember("1", "ann", ("acme",))
    sent.forget("1")
    assert sent.forget("1") == ()


def test_an_edited_post_is_deleted_for_every_brand_it_was_ever_sent_for() -> None:
    sent = Sent(most=10)
    sent.remember("1", "ann", ("zenith",))
    sent.remember("1", "ann", ("acme",))
    assert sent.forget("1") == ("acme", "zenith")


def test_an_account_that_goes_takes_its_own_posts_along() -> None:
    sent = Sent(most=10)
    sent.remember("1", "ann", ("acme",))
    sent.remember("2", "bob", ("acme",))
    sent.remember("3", "ann", ("zenith",))
    assert sent.forget_author("ann") == {"1": ("acme",), "3": ("zenith",)}
    assert sent.forget_author("ann") == {}
    assert sent.forget("2") == ("acme",)


@given(st.integers(1, 8), st.lists(st.tuples(st.integers(0, 20), st.sampled_from("abc"), st.booleans())))
def test_memory_is_bounded_and_the_newest_are_kept(most: int, steps: list[tuple[int, str, bool]]) -> None:
    sent = Sent(most)
    known: dict[str, str] = {}
    for number, author, gone in steps:
        post = f"{author}{number}"
        known.pop(post, None)
        if gone:
            sent.forget(post)
        else:
            sent.remember(post, author, ("acme",))
            known[post] = author
            known = dict(list(known.items())[-most:])
        assert len(sent) == len(known)
    assert {author: list(sent.forget_author(author)) for author in "abc"} == {
        author: sorted(post for post, by in known.items() if by == author) for author in "abc"
    }


def test_a_stream_never_read_begins_now() -> None:
    assert resume(None, 1_000, 100, 10, 5) == Resume(None)


def test_a_stream_goes_on_a_little_before_where_it_stopped() -> None:
    assert resume(990, 1_000, 100, 10, 5) == Resume(985)


def test_the_oldest_cursor_that_is_asked_for() -> None:
    assert resume(900, 1_000, 100, 10, 5) == Resume(895)
    assert resume(899, 1_000, 100, 10, 5) == Resume(None, Gap.OLD_CURSOR)


def test_a_cursor_from_the_future_is_not_asked_for() -> None:
    assert resume(1_010, 1_000, 100, 10, 5) == Resume(1_005)
    assert resume(1_011, 1_000, 100, 10, 5) == Resume(None, Gap.FUTURE_CURSOR)


def test_a_server_that_goes_on_much_later_has_left_something_out() -> None:
    assert starts_late(100, 161, 60)
    assert not starts_late(100, 160, 60)
    assert not starts_late(None, 10**9, 60)
