"""What completion offers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that may be written at a place: the text, a few words about it, and what it means."""

    text: str
    detail: str = ""
    doc: str = ""
