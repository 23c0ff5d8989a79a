"""What the tables of `host.toml` have in common: they refuse unknown keys, and their numbers have ranges."""

from __future__ import annotations

from typing import Annotated

import msgspec


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the manifest; keys that are not known are errors."""


U8 = Annotated[int, msgspec.Meta(ge=0, le=0xFF)]
U16 = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
U32 = Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)]
I32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
# TOML's integers have 64 bits with a sign.
U63 = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
I64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
AgentId = Annotated[int, msgspec.Meta(ge=0, le=254, description="The agent's id in the firmware, 0 to 254.")]
