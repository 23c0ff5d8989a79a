"""What only Arm guests have: interrupt controller, UART, TEE, SVE, SPIs, and the SCMI agent."""

from __future__ import annotations

from xenscmi.config.constants import INVALID_AGENT_ID
from xenscmi.config.errors import EXIT_ERROR_FAIL
from xenscmi.config.options.table import (
    Build,
    boolean,
    choice,
    custom,
    member,
    number,
)
from xenscmi.config.options.text import Text
from xenscmi.config.types.enums import ArmSciType, GicVersion, SveType, TeeType, VuartType
from xenscmi.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.source import Span
    from xenscmi.xlcfg import StringValue

_ARCH = "b_info.arch_arm"
ARM_SCI_KEYS = ("type", "agent_id")


class SciPart(Record):
    """A part of an `arm_sci` string: one of ARM_SCI_KEYS and what follows its equals sign.

    `key` is None for a part that xl ignores silently; its `argument` is empty.
    """

    key: str | None
    piece: Text
    argument: Text

    @property
    def text(self) -> str:
        """The whole part as it is written, blanks included."""
        return self.piece.text

    @property
    def value(self) -> str:
        """What follows `KEY=`."""
        return self.argument.text

    @property
    def span(self) -> Span:
        """The place of the whole part."""
        return self.piece.span


def arm_sci_parts(value: StringValue) -> tuple[SciPart, ...]:
    """Return the parts of an `arm_sci` string, cut at commas as xl cuts them.

    xl compares the keys literally: a part that has a blank before its key, or before the equals sign, is ignored.
    """
    return tuple(map(_part, Text(value).tokens(",")))


def _part(piece: Text) -> SciPart:
    for key in ARM_SCI_KEYS:
        argument = piece.option(key)
        if argument is not None:
            return SciPart(key=key, piece=piece, argument=argument)
    return SciPart(key=None, piece=piece, argument=piece.slice(0, 0))


@custom(
    "arm_sci",
    "`type=TYPE[,agent_id=N]`",
    f"{_ARCH}.arm_sci",
    "The domain's SCMI agent: TYPE is `none`, `scmi_smc` or `scmi_smc_multiagent`; N is 0..254. See arm_sci(5).",
)
def _arm_sci(build: Build) -> None:
    found = build.reader.string_value("arm_sci", quiet=True)
    if found is None:
        return
    build.locate(f"{_ARCH}.arm_sci", found.span)
    for part in arm_sci_parts(found):
        if part.key == "type":
            kind = member(build, part.argument, ArmSciType, "Unknown ARM_SCI type: {}")
            build.set(f"{_ARCH}.arm_sci.type", kind, part.span)
        elif part.key == "agent_id":
            build.set(f"{_ARCH}.arm_sci.agent_id", _agent_id(build, part.argument), part.span)


def _agent_id(build: Build, text: Text) -> int:
    agent_id = build.parse_ulong(text)
    if agent_id >= INVALID_AGENT_ID:
        message = f"An invalid ARM_SCI agent_id specified ({agent_id}). Valid range [0..254]"
        build.fail(message, text.span, "write the agent id that the firmware has for this domain, 0..254")
    return agent_id


COUNTERS = (boolean("vpmu", "b_info.vpmu", "Let the domain use performance counters."),)
UART = (
    choice(
        "vuart",
        f"{_ARCH}.vuart",
        VuartType,
        "Emulated UART. `sbsa_uart` uses SPI 0 (interrupt 32) and the page at 0x22000000.",
        message='ERROR: invalid value "{}" for "vuart"',
    ),
)
OPTIONS = (
    choice(
        "gic_version",
        f"{_ARCH}.gic_version",
        GicVersion,
        "Interrupt controller; `default` is the host's.",
        message='Unknown gic_version "{}" specified',
        exit_code=EXIT_ERROR_FAIL,
        quiet=True,
    ),
    choice(
        "tee",
        "b_info.tee",
        TeeType,
        "Trusted execution environment that the domain may call.",
        message='Unknown tee "{}" specified',
        exit_code=EXIT_ERROR_FAIL,
        quiet=True,
    ),
    choice(
        "sve",
        f"{_ARCH}.sve_vl",
        SveType,
        "Longest SVE vector in bits; `hw` is the longest that the host has.",
        message='Unknown sve "{}" specified',
        quiet=True,
    ),
    number("nr_spis", f"{_ARCH}.nr_spis", "Number of SPIs. Default: as many as irqs, vuart and virtio need."),
    boolean(
        "trap_unmapped_accesses",
        "b_info.trap_unmapped_accesses",
        "Accesses to unmapped addresses fault (the default). With 0, reads return all ones and writes are ignored.",
    ),
    _arm_sci,
)
