"""Strings as TOML and C write them."""

from __future__ import annotations


def quoted(text: str) -> str:
    """Return a string in quotes; both languages agree on what is escaped here."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
