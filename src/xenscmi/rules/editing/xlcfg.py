"""Edits of xl.cfg files: values, parts of strings, items of lists, settings added and removed."""

from __future__ import annotations

import re

from xenscmi.diagnostics import Edit
from xenscmi.rules.editing.lines import BEHIND_SETTING, end_of_line, is_plain, whole_line
from xenscmi.source import Span
from xenscmi.xlcfg import ListValue, StringValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.xlcfg import Setting, Settings, Value

_BEHIND_ITEM = re.compile(r"(?P<comma>,?)[ \t]*#[^\n]*")


def replace(span: Span, old: str, new: str) -> Edit | None:
    """Replace a text that stands at a place just as it is read: not where escapes or `+=` made it."""
    return Edit(span=span, text=new) if span.text == old else None


def string(settings: Settings | None, key: str, old: str, new: str) -> Edit | None:
    """Replace the string of a setting."""
    setting = settings.get(key) if settings else None
    value = setting.value if setting else None
    if not isinstance(value, StringValue) or value.text != old or not value.quoted or not is_plain(new):
        return None
    return replace(value.part(0, len(value.text)), old, new)


def replace_item(settings: Settings | None, key: str, span: Span, new: str) -> Edit | None:
    """Replace the item that stands at a place of a list, in its quotes."""
    value = setting.value if settings and (setting := settings.get(key)) else None
    for each in value.items if isinstance(value, ListValue) and is_plain(new) else ():
        if isinstance(each, StringValue) and each.span == span:
            return Edit(span=span, text=_like(new, each))
    return None


def append(settings: Settings | None, key: str, *items: str, behind: str = "") -> Edit | None:
    """Add items to a list; without the list, add a setting below that of the key `behind`."""
    setting = settings.get(key) if settings else None
    if settings is None or not all(map(is_plain, items)):
        return None
    if setting is None:
        return add(settings, behind, f"{key} = [ {', '.join(_written(each, None, settings) for each in items)} ]")
    value = setting.value
    if not isinstance(value, ListValue):
        return None
    written = [each for each in value.items if value.start < each.start < value.end]  # `+=` brings others
    last = written[-1] if written else None
    if last is None:
        return _into_empty(value, ", ".join(_written(each, None, settings) for each in items))
    if not isinstance(last, StringValue):
        return None
    return _behind_item(value, last, _between(value, written), [_written(each, last, settings) for each in items])


def _into_empty(value: ListValue, items: str) -> Edit | None:
    """Return the edit of a list without items, which may have a comment."""
    if value.items or not value.source.text.startswith("[", value.start):
        return None  # `+=` brings others
    if not value.source.text[value.start + 1 : value.end - 1].strip():
        return Edit(span=value.span, text=f"[ {items} ]")
    return Edit(span=Span(value.source, value.start + 1, value.start + 1), text=f" {items}")


def _between(value: ListValue, items: list[Value]) -> str:
    """Return the blanks between two items of a list."""
    start, end = (items[-2].end, items[-1].start) if len(items) > 1 else (value.start + 1, items[0].start)
    between = value.source.text[start:end]
    if "\n" in between:
        below = between.rpartition("\n")[2]
        return "\n" + below[: len(below) - len(below.lstrip(" \t"))]
    return (between.partition(",")[2] if len(items) > 1 else " ") or ""


def _behind_item(value: ListValue, last: StringValue, blanks: str, items: list[str]) -> Edit:
    source = value.source
    comment = _BEHIND_ITEM.match(source.text, last.end)
    if comment and "\n" in blanks:  # the comment is the last item's, and stays on its line
        kept = source.text[last.end + len(comment["comma"]) : comment.end()]
        new = ",".join(f"{blanks}{each}" for each in items)
        return Edit(span=Span(source, last.end, comment.end()), text=f",{kept}{new}{comment['comma']}")
    return Edit(span=Span(source, last.end, last.end), text="".join(f",{blanks}{each}" for each in items))


def _written(item: str, like: StringValue | None, settings: Settings) -> str:
    """Return an item as its author would write it: in the quotes of its neighbour."""
    if like is not None and (like.quoted or item.isdecimal()):
        return _like(item, like)
    return item if item.isdecimal() else quoted(item, settings)


def _like(item: str, like: StringValue) -> str:
    mark = like.source.text[like.start] if like.quoted else ""
    return f"{mark}{item}{mark}"


def quoted(text: str, settings: Settings) -> str:
    """Return a string in the quotes that a file has."""
    strings = (each.value for each in settings.all if isinstance(each.value, StringValue) and each.value.quoted)
    mark = next((each.source.text[each.start] for each in strings), '"')
    return f"{mark}{text}{mark}"


def add(settings: Settings, behind: str, setting: str) -> Edit | None:
    """Add a setting on a line of its own, below that of the key `behind` if there is one, or else at the end."""
    near = settings.get(behind) or (settings.all[-1] if settings.all else None)
    if near is None:
        return None
    source, text = settings.source, settings.source.text
    end = end_of_line(source, near.value.end, BEHIND_SETTING)
    if end is None or near.value.end > source.appended:
        return None
    if text[near.start + len(near.key) : near.start + len(near.key) + 1] in ("=", "+"):
        setting = setting.replace(" = ", "=", 1)
    return Edit(span=Span(source, end, end), text=f"\n{setting}")


def remove(setting: Setting) -> Edit | None:
    """Remove a setting, with its line if it has one of its own."""
    whole = Span(setting.value.source, setting.start, setting.value.end)
    source = whole.source
    lines = whole_line(whole, BEHIND_SETTING)
    if lines.start == whole.start and source.text[lines.end - 1 : lines.end] != "\n":
        return None  # between others on a line, with their semicolons
    return Edit(span=lines, text="")


def remove_item(settings: Settings | None, key: str, span: Span) -> Edit | None:
    """Remove the item of a list that stands at a place, with the comma that separates it."""
    value = setting.value if settings and (setting := settings.get(key)) else None
    if not isinstance(value, ListValue) or not value.start < span.start < value.end:
        return None
    items = [each for each in value.items if value.start < each.start < value.end]  # `+=` brings others
    at = next((at for at, each in enumerate(items) if each.start == span.start), None)
    if at is None:
        return None
    if len(items) == 1:
        return Edit(span=value.span, text="[ ]")
    start, end = (items[at - 1].end, items[at].end) if at else (items[0].start, items[1].start)
    without = Span(value.source, start, end)
    return None if "#" in without.text else Edit(span=without, text="")  # a comment may say something of its neighbour
