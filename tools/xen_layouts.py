"""Derive a profile's layout of createdomain from the public headers of a Xen checkout.

    python tools/xen_layouts.py XEN --profile NAME [--source TEXT] [--print]

Reads xen/include/public/domctl.h and arch-arm.h below XEN, computes the offset of every field of `struct
xen_domctl_createdomain` as a compiler for 64-bit Arm does, and puts the layout into src/xenscmi/domctl/layouts.py, in
place of a profile of the same name or at the end. With --print it only shows the layout. What is not understood is an
error that names file and line: nothing is left out without a word.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

DOMCTL_H, ARCH_H = "xen/include/public/domctl.h", "xen/include/public/arch-arm.h"
STRUCTURE = "xen_domctl_createdomain"
LAYOUTS = Path(__file__).parents[1] / "src" / "xenscmi" / "domctl" / "layouts.py"

# Type -> (size, alignment), in bytes.
TYPES: Mapping[str, tuple[int, int]] = {
    "uint8_t": (1, 1),
    "uint16_t": (2, 2),
    "uint32_t": (4, 4),
    "int32_t": (4, 4),
    "uint64_t": (8, 8),
    "uint64_aligned_t": (8, 8),
    "domid_t": (2, 2),
    "xen_domain_handle_t": (16, 1),
}
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_DEFINE = re.compile(r"^[ \t]*#[ \t]*define\b(?:[^\n]*\\\n)*[^\n]*$", re.MULTILINE)
_TOKEN = re.compile(r"\s*(?:([A-Za-z_]\w*|[{};\[\],*]|0[xX][0-9A-Fa-f]+|\d+)|(#[^\n]*)|(\S))")
_PADDING = re.compile(r"_?pad\d*\Z")
_FLAG = re.compile(r"^#define\s+_?XEN_DOMCTL_CDF_\w+\s+(?:\(\s*1U\s*<<\s*)?(\d+)\)?\s*$", re.MULTILINE)
_VERSION = re.compile(r"^#define\s+XEN_DOMCTL_INTERFACE_VERSION\s+(0[xX][0-9A-Fa-f]+)", re.MULTILINE)


class HeaderError(Exception):
    """A header has something that this tool does not understand; the message names file and line."""


class Field(NamedTuple):
    """A field: its name, dotted where nested, its offset in bytes, and its type in C."""

    name: str
    offset: int
    type: str


@dataclass(frozen=True, slots=True)
class Structure:
    """A structure's fields, without padding, its size and alignment in bytes."""

    fields: tuple[Field, ...]
    size: int
    alignment: int


class Header:
    """A C header, its comments and definitions blanked out; `name` is for messages."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.original = text
        self.text = _DEFINE.sub(_blank, _COMMENT.sub(_blank, text))

    def interface_version(self) -> int:
        match = _VERSION.search(self.original)
        if match is None:
            raise HeaderError(f"{self.name}: no XEN_DOMCTL_INTERFACE_VERSION")
        return int(match[1], 16)

    def creation_flags(self) -> int:
        """Return all flags of createdomain that there are: XEN_DOMCTL_CDF_*."""
        flags = 0
        for bit in _FLAG.findall(self.original):
            flags |= 1 << int(bit)
        if not flags:
            raise HeaderError(f"{self.name}: no XEN_DOMCTL_CDF_*")
        return flags

    def structure(self, name: str, known: Mapping[str, Structure]) -> Structure:
        """Return the layout of `struct name`; `known` are structures that it may contain."""
        match = re.search(rf"^struct\s+{name}\s*\{{", self.text, re.MULTILINE)
        if match is None:
            raise HeaderError(f"{self.name}: no struct {name}")
        return _Parser(self, match.end(), known).structure()


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


class _Parser:
    """Reads the members of a structure from behind its opening brace."""

    def __init__(self, header: Header, start: int, known: Mapping[str, Structure]) -> None:
        self.header = header
        self.known = known
        self.at = start
        self.tokens = self.read_tokens()
        self.token = next(self.tokens)

    def read_tokens(self) -> Iterator[str]:
        while match := _TOKEN.match(self.header.text, self.at):
            if match[1] is None:
                self.at = match.end() - len(match[2] or match[3])
                raise self.error(f"cannot read `{(match[2] or match[3]).strip()}'")
            self.at = match.end()
            yield match[1]
        yield ""

    def error(self, message: str) -> HeaderError:
        line = self.header.text.count("\n", 0, self.at) + 1
        return HeaderError(f"{self.header.name}:{line}: {message}")

    def take(self, wanted: str = "") -> str:
        """Return the token and go on to the next; only `wanted` will do, where it is given."""
        token = self.token
        if not token or (wanted and token != wanted):
            raise self.error(f"`{wanted or 'more'}' expected, not `{token}'")
        self.token = next(self.tokens)
        return token

    def structure(self) -> Structure:
        fields: list[Field] = []
        offset, alignment = 0, 1
        while self.token != "}":
            kind, inner, size, member_alignment = self.member_type()
            while True:
                name = self.take()
                count = self.array_length()
                offset = -(-offset // member_alignment) * member_alignment
                if inner is not None:
                    fields += (each._replace(name=f"{name}.{each.name}", offset=offset + each.offset) for each in inner)
                elif not _PADDING.match(name):
                    fields.append(Field(name, offset, kind if count is None else f"{kind}[{count}]"))
                offset += size * (1 if count is None else count)
                alignment = max(alignment, member_alignment)
                if self.token != ",":
                    break
                self.take(",")
            self.take(";")
        return Structure(tuple(fields), -(-offset // alignment) * alignment, alignment)

    def member_type(self) -> tuple[str, tuple[Field, ...] | None, int, int]:
        """Read a type; return its name, the fields if it is a structure, size and alignment."""
        kind = self.take()
        if kind != "struct":
            if kind not in TYPES:
                raise self.error(f"type {kind} is not known: add it to TYPES")
            return kind, None, *TYPES[kind]
        if self.token == "{":
            self.take("{")
            inner = self.structure()
            self.take("}")
        else:
            name = self.take()
            if name not in self.known:
                raise self.error(f"struct {name} is not known")
            inner = self.known[name]
        return "struct", inner.fields, inner.size, inner.alignment

    def array_length(self) -> int | None:
        if self.token != "[":
            return None
        self.take("[")
        text = self.take()
        if not text[0].isdigit():
            raise self.error(f"array length {text} is not a number")
        self.take("]")
        return int(text, 0)


class Layout(NamedTuple):
    """A profile as layouts.py has it: interface version, source, all flags of createdomain, and its fields."""

    interface_version: int
    source: str
    flags: int
    fields: tuple[tuple[str, int, str], ...]


def read_layout(domctl: Header, arch: Header, source: str) -> tuple[Layout, int]:
    """Return the layout of createdomain, and the structure's size in bytes. Raises HeaderError."""
    arch_config = arch.structure("xen_arch_domainconfig", {})
    structure = domctl.structure(STRUCTURE, {"xen_arch_domainconfig": arch_config})
    fields = tuple((each.name, each.offset, each.type) for each in structure.fields)
    return Layout(domctl.interface_version(), source, domctl.creation_flags(), fields), structure.size


def render(profiles: Mapping[str, Layout]) -> str:
    """Return the text of layouts.py."""
    lines = [
        '"""The layouts of `struct xen_domctl_createdomain` on Arm, by profile. Written by tools/xen_layouts.py.',
        "",
        "Each is the interface version, which Xen has it, all flags (XEN_DOMCTL_CDF_*) as one number, and the fields:",
        "name, offset in bytes, type in C.",
        '"""',
        "",
        "LAYOUTS: dict[str, tuple[int, str, int, tuple[tuple[str, int, str], ...]]] = {",
    ]
    for name, (version, source, flags, fields) in profiles.items():
        lines += [
            f'    "{name}": (',
            f"        {version:#x},",
            f'        "{source}",',
            f"        0x{flags:X},",
            "        (",
        ]
        lines += [f'            ("{field}", {offset}, "{kind}"),' for field, offset, kind in fields]
        lines += ["        ),", "    ),"]
    return "\n".join([*lines, "}", ""])


def main(arguments: list[str] | None = None) -> int:
    """Run the tool; return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("xen", metavar="XEN", type=Path, help="a checkout of Xen")
    parser.add_argument("--profile", required=True, metavar="NAME", help="name the profile, such as 4.23")
    parser.add_argument("--source", metavar="TEXT", default="", help="say which Xen has the layout")
    parser.add_argument("--print", action="store_true", help="show the layout, write nothing")
    given = parser.parse_args(arguments)
    try:
        domctl, arch = (Header((given.xen / name).read_text(), name) for name in (DOMCTL_H, ARCH_H))
        layout, size = read_layout(domctl, arch, given.source or f"Xen {given.profile}")
    except (OSError, HeaderError) as error:
        print(f"xen_layouts: error: {error}", file=sys.stderr)
        return 1
    if given.print:
        print(f"interface {layout.interface_version:#x}, {size} bytes, flags {layout.flags:#x}")
        print("".join(f"{offset:4}  {kind:20} {name}\n" for name, offset, kind in layout.fields), end="")
        return 0
    from xenscmi.domctl.createdomain import CreateDomain
    from xenscmi.domctl.layouts import LAYOUTS as profiles

    fresh = {**{name: Layout(*each) for name, each in profiles.items()}, given.profile: layout}
    LAYOUTS.write_text(render(fresh))
    for name, _, _ in layout.fields:
        if name.replace(".", "_") not in CreateDomain.fields:
            print(f"xen_layouts: CreateDomain has no field for {name} yet: add it there", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
