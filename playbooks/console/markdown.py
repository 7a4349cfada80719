"""A runbook's Markdown as HTML that can do nothing: no HTML of its own, no images, no links but to the web and mail.

>>> str(to_html("**Now** <script>alert(1)</script>"))
'<p><strong>Now</strong> &lt;script&gt;alert(1)&lt;/script&gt;</p>\\n'
>>> str(to_html("![a chart](https://tracker.example/x.png)"))
'<p>a chart</p>\\n'
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

_SCHEMES = frozenset({"http", "https", "mailto", "tel"})


def to_html(markdown: str) -> Markup:
    """The HTML of `markdown`, safe to put into a page."""
    return Markup(_reader().render(markdown))  # noqa: S704 - HTML in the text is off, and the tests try


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    reader.validateLink = _is_harmless  # type: ignore[method-assign]
    reader.add_render_rule("image", _as_its_words)
    reader.add_render_rule("link_open", _leads_away)
    reader.add_render_rule("table_open", _table_open)
    reader.add_render_rule("table_close", _table_close)
    return reader


def _is_harmless(url: str) -> bool:
    try:
        return urlsplit(url).scheme.lower() in _SCHEMES
    except ValueError:
        return False


def _as_its_words(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    return escape(tokens[at].content)


def _leads_away(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    tokens[at].attrSet("rel", "noopener noreferrer")
    return renderer.renderToken(tokens, at, options, env)


def _table_open(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    # A wide table scrolls by itself, so that the page never does.
    return '<div class="scrolls"><table>\n'


def _table_close(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    return "</table></div>\n"
