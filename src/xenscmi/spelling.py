"""Words that are spelled alike: what somebody meant who misspelled one."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

ALIKE = 0.87
"""How much like a known word a word must be to be that one, misspelled: of 1, which is the word itself."""
_SIMILAR = 0.6


def nearest(name: str, known: Iterable[str], least: float = _SIMILAR) -> str | None:
    """Return the known word that is most like a name; None where none is at least so much like it."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, list(known), 1, least)), None)


def is_swapped(written: str, name: str) -> bool:
    """Return whether a word is `name` with two neighbouring letters in the wrong order, as fast fingers write it."""
    at = next((at for at, (one, other) in enumerate(zip(written, name, strict=False)) if one != other), len(name))
    return at < len(name) - 1 and written == name[:at] + name[at + 1] + name[at] + name[at + 2 :]


def only_like(name: str, known: Iterable[str], least: float = ALIKE) -> str | None:
    """Return the one known word that is so much like a name; None where none or several are.

    One that differs by two letters in the wrong order is more like it than all others, however short it is.
    """
    from difflib import get_close_matches

    known = list(known)
    alike = [each for each in known if is_swapped(name, each)] or get_close_matches(name, known, 2, least)
    return alike[0] if len(alike) == 1 else None


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return the help that names the known word most like a name; `otherwise` where none is alike."""
    near = nearest(name, known)
    return otherwise if near is None else f"did you mean `{near}'?"
