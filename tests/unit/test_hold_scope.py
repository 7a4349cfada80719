"""What a hold on some accounts or tags covers, however the caller writes them."""

from __future__ import annotations

import pytest

from playbooks.content.hold_scope import Narrowing

ACCOUNT = Narrowing(accounts=("acme_news",))


@pytest.mark.parametrize(
    "asked",
    [
        "acme_news",
        "@Acme_News ",
        "acme_news\u200b",
        "\ufeffacme_news",
        "ac\u00adme_news",
        "\uff41cme_news",
        "acme_news@x",
        "@acme_news@mastodon.example",
        "https://x.example/acme_news",
        "x.example/Acme_News/?lang=en",
        "https://mastodon.example/@acme_news",
        "https://mastodon.example/@acme_news@x.example",
    ],
)
def test_an_account_is_known_however_it_is_written(asked: str) -> None:
    assert ACCOUNT.covers(asked, None, None)
    assert Narrowing(accounts=(asked,)).covers("acme_news", None, None)


@pytest.mark.parametrize(
    "asked", ["acme", "acme_newsroom", "x@acme_news", "acme_news/jobs", "acme_news jobs", "Acme / EU"]
)
def test_another_account_is_another(asked: str) -> None:
    assert not ACCOUNT.covers(asked, None, None)


def test_two_servers_have_accounts_of_the_same_name() -> None:
    held = Narrowing(accounts=("acme@a.example",))
    assert held.covers("@Acme@A.example", None, None)
    assert not held.covers("acme@b.example", None, None)


@pytest.mark.parametrize("tags", [None, (), ("",), ("\u200b", "news"), ("#",), ("sa\u200ble",), ("#SALE", "news")])
def test_a_hold_on_a_tag_covers_posts_that_name_none(tags: tuple[str, ...] | None) -> None:
    assert Narrowing(tags=("sale",)).covers(None, None, tags)


def test_a_hold_on_a_tag_leaves_posts_with_other_tags_alone() -> None:
    assert not Narrowing(tags=("sale",)).covers(None, None, ("news", "winter"))
