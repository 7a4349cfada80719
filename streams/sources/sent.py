"""Which posts were sent for which brands, so that a deletion, which carries no text, finds its brands again."""

from __future__ import annotations

from collections import OrderedDict


class Sent:
    """The newest `most` posts that were sent, by id, with their author and brands; older ones are forgotten.

    A deletion of a post that is forgotten, or that was sent before the process started, is not passed on. An entry
    takes about 0.5 kB.

    >>> sent = Sent(most=2)
    >>> for post in ("1", "2", "3"):
    ...     sent.remember(post, "ann", ("acme",))
    >>> sent.forget("1"), sent.forget("2"), sent.forget_author("ann")
    ((), ('acme',), {'3': ('acme',)})
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._posts: OrderedDict[str, tuple[str, tuple[str, ...]]] = OrderedDict()
        self._by_author: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self._posts)

    def remember(self, post: str, author: str, brands: tuple[str, ...]) -> None:
        """Note that `post` was sent for `brands`; a post that is edited may have been sent for more before."""
        known = self.forget(post)
        self._posts[post] = (author, tuple(sorted({*known, *brands})))
        self._by_author.setdefault(author, set()).add(post)
        if len(self._posts) > self._most:
            self.forget(next(iter(self._posts)))

    def forget(self, post: str) -> tuple[str, ...]:
        """Take the post out; the brands it was sent for, none where it is not known."""
        entry = self._posts.pop(post, None)
        if entry is None:
            return ()
        author, brands = entry
        posts = self._by_author[author]
        posts.discard(post)
        if not posts:
            del self._by_author[author]
        return brands

    def forget_author(self, author: str) -> dict[str, tuple[str, ...]]:
        """Take out every post of an author; the brands of each, in order of id."""
        return {post: self.forget(post) for post in sorted(self._by_author.get(author, ()))}
