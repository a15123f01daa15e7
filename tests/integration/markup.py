"""What a page says, however its markup is laid out."""

from __future__ import annotations


def text_of(answer):
    """The page's markup with single spaces in place of all others."""
    return " ".join(answer.content.decode().replace("&nbsp;", " ").split())
