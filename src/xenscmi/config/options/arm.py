"""What only Arm guests have: interrupt controller, UART, TEE, SVE, SPIs, and the SCMI agent."""

from __future__ import annotations

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

_ARCH = "b_info.arch_arm"
_UINT8_MAX = 255


@custom(
    "arm_sci",
    "`type=TYPE[,agent_id=N]`",
    f"{_ARCH}.arm_sci",
    "The domain's SCMI agent: TYPE is `none`, `scmi_smc` or `scmi_smc_multiagent`; N is 0..254. See arm_sci(5).",
)
def _arm_sci(build: Build) -> None:
    """Read `type=` and `agent_id=`, compared literally: any other part, one with a blank too, is overlooked."""
    found = build.text("arm_sci", quiet=True)
    if found is None:
        return
    for part in found.tokens(","):
        if (kind := part.option("type")) is not None:
            build.set(f"{_ARCH}.arm_sci.type", member(build, kind, ArmSciType, "Unknown ARM_SCI type: {}"))
        if (agent := part.option("agent_id")) is not None:
            build.set(f"{_ARCH}.arm_sci.agent_id", _agent_id(build, agent))


def _agent_id(build: Build, text: Text) -> int:
    agent_id = build.parse_ulong(text)
    if agent_id >= _UINT8_MAX:
        message = f"An invalid ARM_SCI agent_id specified ({agent_id}). Valid range [0..254]"
        build.fail(message, text.span, "take the agent id that the firmware gives this domain, 0..254")
    return agent_id


COUNTERS = (boolean("vpmu", "b_info.vpmu", "Let the domain use performance counters."),)
UART = (
    choice(
        "vuart",
        f"{_ARCH}.vuart",
        VuartType,
        "Emulated UART. `sbsa_uart` takes SPI 0 (interrupt 32) and the page at 0x22000000.",
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
        "Longest SVE vector in bits; `hw` is as long as the host has.",
        message='Unknown sve "{}" specified',
        quiet=True,
    ),
    number("nr_spis", f"{_ARCH}.nr_spis", "Number of SPIs; as many as irqs, vuart and virtio need if not given."),
    boolean(
        "trap_unmapped_accesses",
        "b_info.trap_unmapped_accesses",
        "Accesses to unmapped addresses fault (the default); with 0, reads give all ones and writes are lost.",
    ),
    _arm_sci,
)
