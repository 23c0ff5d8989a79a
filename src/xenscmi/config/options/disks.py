"""The domain's disks, in every syntax that libxlu reads (tools/libs/util/libxlu_disk_l.l, xl-disk-configuration(5)).

libxlu's scanner tries all patterns at each position and takes the longest match, or the first of several longest. A
pattern for an old prefix (`phy:`) counts as a match of the whole rest. The table below is this scanner.
"""

from __future__ import annotations

import re

from xenscmi.config.errors import EXIT_FAILURE
from xenscmi.config.options.table import Build, Fields, OptionError, device_list
from xenscmi.config.types.enums import DiskBackend, DiskFormat, DiskSpecification
from xenscmi.diagnostics import Diagnostic
from xenscmi.xlcfg.numbers import atoi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from xenscmi.config.idl.enumeration import Enumeration
    from xenscmi.config.options.text import Text

    # What a pattern does. It gets the disk, the matched text without its last comma or colon, and the position.
    _Action = Callable[["_Disk", str, int], None]

_FORMATS = {
    "": DiskFormat.RAW,
    "raw": DiskFormat.RAW,
    "qcow": DiskFormat.QCOW,
    "qcow2": DiskFormat.QCOW2,
    "vhd": DiskFormat.VHD,
    "empty": DiskFormat.EMPTY,
    "qed": DiskFormat.QED,
}
_BACKENDS = {
    "phy": DiskBackend.PHY,
    "tap": DiskBackend.TAP,
    "qdisk": DiskBackend.QDISK,
    "standalone": DiskBackend.STANDALONE,
}
_SPECIFICATIONS = {"xen": DiskSpecification.XEN, "virtio": DiskSpecification.VIRTIO}
_ACCESS = {"r": 0, "ro": 0, "rw": 1, "w": 1, "": 1}
_LONGEST = 1 << 16
_HELP = 'write "TARGET,FORMAT,VDEV,ACCESS" or "format=…, vdev=…, access=…, target=…", target last'


class _Disk:
    """A disk specification while it is read, and its fields so far."""

    def __init__(self, item: Text, fields: Fields) -> None:
        self.item = item
        self.fields = fields
        fields.set("readwrite", 1, None)
        self.old_prefix = False
        self.access_set = False

    def error(self, message: str, near: str | None, at: int = 0) -> NoReturn:
        """Refuse the disk, with libxlu's message. The bad piece begins at character `at`. Raises OptionError."""
        place = self.item if near is None else self.item.slice(at, at + max(len(near), 1))
        shown = "" if near is None else f": near `{near}'"
        text = f"config parsing error in disk specification: {message}{shown} in `{self.item.text}'"
        raise OptionError([Diagnostic(message=text, span=place.span, help=_HELP)], EXIT_FAILURE)

    def put(self, name: str, value: object, text: str, at: int) -> None:
        """Set a field from `text`, which begins at character `at` of the specification."""
        self.fields.set(name, value, self.item.slice(at, at + len(text)).span)

    def save(self, name: str, shown: str, value: str, at: int, prefix: str = "") -> None:
        """Set a string. Setting it again is an error, unless it was empty."""
        if self.fields.get(name):
            self.error(f"{shown} respecified", prefix + value, at)
        self.put(name, prefix + value, value, at)

    def choose(self, name: str, names: dict[str, Any], value: str, at: int) -> None:
        """Set an enumerator. Setting it again is an error, unless it is the same."""
        chosen: Enumeration | None = names.get(value)
        if chosen is None:
            self.error(f"unknown value for {'backendtype' if name == 'backend' else name}", value, at)
        if self.fields.get(name) not in (None, chosen):
            self.error(f"{name} respecified", value, at)
        self.put(name, chosen, value, at)

    def access(self, value: str, at: int) -> None:
        if value not in _ACCESS:
            self.error("unknown value for access", value, at)
        self.put("readwrite", _ACCESS[value], value, at)

    def vdev_and_devtype(self, value: str, at: int) -> bool:
        """Read the old form `VDEV:TYPE`; return whether the value has it."""
        vdev, colon, devtype = value.rpartition(":")
        if not colon:
            return False
        self.save("vdev", "vdev", vdev, at)
        at += len(vdev) + 1
        if devtype not in ("cdrom", "disk"):
            self.error("unknown deprecated type", devtype, at)
        self.put("is_cdrom", int(devtype == "cdrom"), devtype, at)
        return True

    def positional(self, value: str, at: int) -> None:
        if self.fields.get("pdev_path") is None:
            self.put("pdev_path", value, value, at)
        elif not self.old_prefix and self.fields.get("format") is None:
            if not self.fields.get("pdev_path") and self.vdev_and_devtype(value, at):
                self.fields.set("format", DiskFormat.EMPTY, None)
            else:
                self.choose("format", _FORMATS, value, at)
        elif self.fields.get("vdev") is None:
            if not self.vdev_and_devtype(value, at):
                self.put("vdev", value, value, at)
        elif not self.access_set:
            self.access_set = True
            self.access(value, at)
        else:
            self.error("too many positional parameters", value, at)


def _fixed(name: str, value: object) -> _Action:
    def act(disk: _Disk, text: str, at: int) -> None:
        disk.put(name, value, text, at)

    return act


def _valued(act: _Action) -> _Action:
    """Pass on only what follows the equals sign."""

    def cut(disk: _Disk, text: str, at: int) -> None:
        start = text.index("=") + 1
        act(disk, text[start:], at + start)

    return cut


def _saved(name: str, shown: str | None = None) -> _Action:
    return _valued(lambda disk, value, at: disk.save(name, shown or name, value, at))


def _chosen(name: str, names: dict[str, Any]) -> _Action:
    return _valued(lambda disk, value, at: disk.choose(name, names, value, at))


def _bad(message: str) -> _Action:
    return lambda disk, text, at: disk.error(message, text, at)


def _colo_port(disk: _Disk, value: str, at: int) -> None:
    port = atoi(value)
    if not port:
        disk.error("unknown value for colo_port", value, at)
    disk.put("colo_port", port, value, at)


def _format_prefix(disk: _Disk, text: str, at: int) -> None:
    disk.old_prefix = True
    disk.choose("format", _FORMATS, text, at)


def _script_prefix(disk: _Disk, text: str, at: int) -> None:
    disk.old_prefix = True
    disk.save("script", "script", text, at, prefix="block-")


def _plain_prefix(disk: _Disk, text: str, at: int) -> None:
    disk.old_prefix = True


def _skip(disk: _Disk, text: str, at: int) -> None:
    pass


def _positional(disk: _Disk, text: str, at: int) -> None:
    disk.positional(text, at)


# Pattern, its context (which counts for the length of the match), the delimiter to cut off, the action.
_RULES = tuple(
    (re.compile(f"({pattern})({context})"), cut, action)
    for pattern, context, cut, action in (
        (r"[ \t\n]+", r"(?:[^ \t\n].*)?", "", _skip),
        (r"format=[^,]*,?", "", ",", _chosen("format", _FORMATS)),
        (r"cdrom,?", "", "", _fixed("is_cdrom", 1)),
        (r"devtype=cdrom,?", "", "", _fixed("is_cdrom", 1)),
        (r"devtype=disk,?", "", "", _fixed("is_cdrom", 0)),
        (r"devtype=[^,]*,?", "", "", _bad("unknown value for type")),
        (r"access=[^,]*,?", "", ",", _valued(_Disk.access)),
        (r"backend=[^,]*,?", "", ",", _saved("backend_domname", "backend")),
        (r"backendtype=[^,]*,?", "", ",", _chosen("backend", _BACKENDS)),
        (r"specification=[^,]*,?", "", ",", _chosen("specification", _SPECIFICATIONS)),
        (r"vdev=[^,]*,?", "", ",", _saved("vdev")),
        (r"script=[^,]*,?", "", ",", _saved("script")),
        (r"direct-io-safe,?", "", "", _fixed("direct_io_safe", True)),
        (r"discard,?", "", "", _fixed("discard_enable", True)),
        (r"no-discard,?", "", "", _fixed("discard_enable", False)),
        (r"colo,?", "", "", _fixed("colo_enable", True)),
        (r"no-colo,?", "", "", _fixed("colo_enable", False)),
        (r"colo-host=[^,]*,?", "", ",", _saved("colo_host", "colo-host")),
        (r"colo-port=[^,]*,?", "", ",", _valued(_colo_port)),
        (r"colo-export=[^,]*,?", "", ",", _saved("colo_export", "colo-export")),
        (r"active-disk=[^,]*,?", "", ",", _saved("active_disk", "active-disk")),
        (r"hidden-disk=[^,]*,?", "", ",", _saved("hidden_disk", "hidden-disk")),
        (r"trusted,?", "", "", _fixed("trusted", True)),
        (r"untrusted,?", "", "", _fixed("trusted", False)),
        (r"grant_usage=1,?", "", "", _fixed("grant_usage", True)),
        (r"grant_usage=0,?", "", "", _fixed("grant_usage", False)),
        (r"target=.*", "", ",", _saved("pdev_path", "target")),
        (r"[a-z][-a-z0-9]*=[^,],?", "", "", _bad("unknown parameter")),
        (r"(?:raw|qcow2?|vhd):", ".*", ":", _format_prefix),
        (r"(?:iscsi|e?nbd|drbd):", ".*", ":", _script_prefix),
        (r"(?:tapdisk|tap2?|aio|ioemu|file|phy):", ".*", "", _plain_prefix),
        (r"[a-z][a-z0-9]*:", r"(?:[^a-z0-9].*)?", "", _bad("unknown deprecated disk prefix")),
        (r"[^=,]*,|[^=,]+,?", "", ",", _positional),
    )
)


def _scan(disk: _Disk) -> None:
    text, at = disk.item.text, 0
    while at < len(text):
        best = None
        for pattern, cut, action in _RULES:
            found = pattern.match(text, at)
            if found and (best is None or found.end() > best[0].end()):
                best = (found, cut, action)
        if best is None:
            # libxlu's scanner does not report a single bad character at the end.
            if at + 1 < len(text):
                disk.error("bad disk syntax", text[at:].split("\n")[0], at)
            return
        found, cut, action = best
        matched = found.group(1)
        action(disk, matched.removesuffix(cut) if cut else matched, at)
        at += len(matched)


def _finish(disk: _Disk) -> None:
    fields = disk.fields
    if fields.get("format") is None:
        fields.set("format", DiskFormat.RAW, None)
    if fields.get("is_cdrom"):
        fields.set("removable", 1, None)
        fields.set("readwrite", 0, None)
        if not fields.get("pdev_path"):
            fields.set("format", DiskFormat.EMPTY, None)
    if fields.get("vdev") is None:
        disk.error("no vdev specified", None)
    if fields.get("pdev_path") is None and not fields.get("removable"):
        disk.error("no target specified (and device not removable)", None)


@device_list("disk", "list of disk specifications", "disks", "Disks; see xl-disk-configuration(5) for their syntax.")
def _disk(build: Build, item: Text, fields: Fields) -> None:
    disk = _Disk(item, fields)
    if len(item.text) > _LONGEST:
        # Some patterns match the whole rest at every position, which takes quadratic time.
        disk.error(f"longer than {_LONGEST} characters", None)
    _scan(disk)
    _finish(disk)


OPTIONS = (_disk,)
