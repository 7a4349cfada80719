"""A playbook's words as they are read: without the line breaks of the file that they were written in."""

from __future__ import annotations

import re


def unwrapped(words: str) -> str:
    """A playbook's words without the line breaks of its file; paragraphs and the items of lists stay apart.

    >>> unwrapped("Please acknowledge\\nwithin five minutes.\\n\\nThen:\\n- read\\n")
    'Please acknowledge within five minutes.\\n\\nThen:\\n- read'
    """
    return re.sub(r"(?<!\n)[ \t]*\n(?!\n|[-*] |\d+\. )", " ", words.strip())
