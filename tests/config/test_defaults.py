"""libxl's defaults and refusals before the hypercall, on the vectors' host and on others."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from xenscmi.config.capabilities import DEFAULT_HOST, HostCapabilities
from xenscmi.config.defaults import setdefault
from xenscmi.config.errors import EXIT_ERROR_FAIL, EXIT_ERROR_INVAL, EXIT_FAILURE, ConfigError
from xenscmi.config.json import from_json
from xenscmi.config.parse import parse_xlcfg
from xenscmi.config.parsed import Parsed
from xenscmi.config.types.domain import DomainConfig
from xenscmi.config.types.enums import DomainType, Passthrough, SveType
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.source import Source

FAIL, INVAL = EXIT_ERROR_FAIL, EXIT_ERROR_INVAL
GUEST = 'name = "g"\nkernel = "/k"\nmemory = 64\n'


@dataclass
class Outcome:
    """What libxl would do: go on with a configuration, or refuse; and what it says."""

    config: DomainConfig | None
    said: tuple[Diagnostic, ...]
    exit_code: int = 0

    @property
    def done(self) -> DomainConfig:
        assert self.config is not None, self.said
        return self.config


def complete(text: str, host: HostCapabilities = DEFAULT_HOST) -> Outcome:
    parsed = parse_xlcfg(Source("guest.cfg", GUEST + text + "\n"), host)
    try:
        return Outcome(*setdefault(parsed, host))
    except ConfigError as error:
        return Outcome(None, error.diagnostics, error.exit_code)


def slots(number: int) -> str:
    return f"""virtio = [ {", ".join(["'transport=mmio'"] * number)} ]"""


def test_defaults() -> None:
    config = complete("").done
    c_info, b_info = config.c_info, config.b_info
    assert (c_info.type, c_info.hap, c_info.oos, c_info.ssidref, c_info.poolid) == (DomainType.PVH, True, True, 12, 0)
    assert c_info.passthrough is Passthrough.DISABLED
    assert (b_info.max_vcpus, b_info.avail_vcpus, b_info.event_channels, b_info.max_grant_version) == (1, 1, 1023, 1)
    assert (b_info.max_memkb, b_info.target_memkb, b_info.video_memkb, b_info.iommu_memkb) == (65536, 65536, 0, 0)
    # 4 KiB for each of: 256 for a vCPU, one for each MiB, 128 on Arm.
    assert b_info.shadow_memkb == 4 * (256 + 64 + 128)
    assert (b_info.trap_unmapped_accesses, b_info.vpmu, b_info.acpi) == (True, False, False)
    assert (b_info.arch_arm.nr_spis, b_info.altp2m_count) == (0, 0)


def test_what_is_given_stays() -> None:
    text = "trap_unmapped_accesses = 0\nmax_event_channels = 7\nshadow_memory = 4\nhap = 0\nnr_spis = 5000\n"
    config = complete(text + 'altp2m = "limited"\naltp2m_count = 65535\nmax_grant_version = 15').done
    b_info = config.b_info
    assert (b_info.trap_unmapped_accesses, b_info.event_channels, b_info.shadow_memkb) == (False, 7, 4096)
    assert (config.c_info.hap, b_info.arch_arm.nr_spis, b_info.altp2m_count) == (False, 5000, 65535)
    assert b_info.max_grant_version == 15


def test_iomem_without_a_guest_frame_is_mapped_one_to_one() -> None:
    config = complete('iomem = [ "47ff2,1", "47ff3,1@22001" ]').done
    assert [(one.start, one.gfn) for one in config.b_info.iomem] == [(0x47FF2, 0x47FF2), (0x47FF3, 0x22001)]


@pytest.mark.parametrize(
    ("text", "exit_code", "message", "shown"),
    [
        ('passthrough = "sync_pt"', INVAL, 'passthrough="sync_pt" not supported on ARM', '"sync_pt"'),
        (
            'passthrough = "disabled"\ndtdev = [ "/a" ]',
            INVAL,
            "passthrough disabled but devices are specified",
            '"disabled"',
        ),
        (
            'maxmem = 128\ndtdev = [ "/a" ]',
            INVAL,
            "IOMMU required for device passthrough but not supported together with PoD",
            "128",
        ),
        (
            'maxmem = 128\npassthrough = "enabled"',
            INVAL,
            "IOMMU required for device passthrough but not supported together with PoD",
            "128",
        ),
        (
            'maxmem = 128\nvnuma = [ [ "pnode=0", "size=128", "vcpus=0" ] ]',
            INVAL,
            "Cannot enable PoD and vNUMA at the same time",
            '[ [ "pnode=0", "size=128", "vcpus=0" ] ]',
        ),
        ('maxmem = 128\naltp2m = "mixed"', INVAL, "Cannot enable PoD and ALTP2M at the same time", '"mixed"'),
        (
            'nestedhvm = 1\naltp2m = "external"',
            INVAL,
            "nestedhvm and altp2mhvm cannot be used together",
            '"external"',
        ),
        ('pool = "x"', INVAL, "Illegal pool specified: x", '"x"'),
        ('pool = "1"', INVAL, "Illegal pool specified: 1", '"1"'),
        ("vcpus = 1025", FAIL, "avail_vcpus bitmap contains too many VCPUS", "1025"),
        ("max_grant_version = 16", EXIT_FAILURE, "max grant version 16 out of range", "16"),
        ('virtio = [ "backend=DomD" ]', INVAL, "Unable to set virtio defaults for device 0", "DomD"),
        ("irqs = [ 40 ]\nnr_spis = 8", FAIL, "Provided nr_spis value is too small (minimum required 9)", "8"),
        ('vuart = "sbsa_uart"\nnr_spis = 0', FAIL, "Provided nr_spis value is too small (minimum required 1)", "0"),
        ('irqs = [ 32 ]\nvuart = "sbsa_uart"', FAIL, "Physical IRQ 32 conflicting with pl011 SPI", "32"),
        (f"irqs = [ 7, 33 ]\n{slots(1)}", FAIL, "Physical IRQ 33 conflicting with Virtio MMIO IRQ range", "33"),
        (
            'irqs = [ 33 ]\ndisk = [ "/a,raw,xvda,w,specification=virtio" ]',
            FAIL,
            "Physical IRQ 33 conflicting with Virtio MMIO IRQ range",
            "33",
        ),
        (slots(12), FAIL, "Ran out of reserved range for Virtio MMIO IRQ 44", None),
        ('type = "hvm"', EXIT_FAILURE, "HVM guests cannot be created on Arm", '"hvm"'),
    ],
)
def test_refusals(text: str, exit_code: int, message: str, shown: str | None) -> None:
    outcome = complete(text)
    assert outcome.config is None
    (diagnostic,) = outcome.said
    assert (diagnostic.message.startswith(message), outcome.exit_code) == (True, exit_code), diagnostic.message
    assert diagnostic.span
    assert shown is None or diagnostic.span.text == shown
    assert diagnostic.help


@pytest.mark.parametrize(
    ("text", "host", "exit_code", "message"),
    [
        ("", HostCapabilities(cap_hap=False), INVAL, "neither hap nor shadow paging available"),
        (
            'dtdev = [ "/a" ]',
            HostCapabilities(cap_hvm_directio=False),
            INVAL,
            "passthrough not supported on this platform",
        ),
        (
            'passthrough = "enabled"',
            HostCapabilities(cap_hvm_directio=False),
            INVAL,
            "passthrough not supported on this platform",
        ),
        ("vpmu = 1", HostCapabilities(cap_vpmu=False), INVAL, "vPMU not supported on this platform"),
        ('sve = "hw"', HostCapabilities(sve_vl=0), FAIL, "SVE is unsupported on this machine."),
        (
            'sve = "512"',
            HostCapabilities(sve_vl=256),
            FAIL,
            "Invalid sve value: 512. Platform supports up to 256 bits",
        ),
        ('pool = "9"', HostCapabilities(pools=((0, "Pool-0"), (3, "rt"))), INVAL, "Illegal pool specified: 9"),
    ],
)
def test_refusals_on_other_hosts(text: str, host: HostCapabilities, exit_code: int, message: str) -> None:
    outcome = complete(text, host)
    assert outcome.config is None
    assert [one.message for one in outcome.said] == [message]
    assert outcome.exit_code == exit_code


def test_defaults_on_other_hosts() -> None:
    assert complete("", HostCapabilities(cap_hap=False, cap_shadow=True)).done.c_info.hap is False
    assert complete("", HostCapabilities(cap_hvm_directio=False)).done.c_info.passthrough is Passthrough.DISABLED
    assert complete("", HostCapabilities(cap_gnttab_v2=True)).done.b_info.max_grant_version == 2
    assert complete("", HostCapabilities(cap_gnttab_v1=False)).done.b_info.max_grant_version == 0
    assert complete("vpmu = 0", HostCapabilities(cap_vpmu=False)).done.b_info.vpmu is False
    assert complete('sve = "disabled"', HostCapabilities(sve_vl=0)).done.b_info.arch_arm.sve_vl is SveType.DISABLED
    assert complete('sve = "hw"', HostCapabilities(sve_vl=384)).done.b_info.arch_arm.sve_vl.value == 384


def test_pools_and_backends_by_name_and_number() -> None:
    host = HostCapabilities(pools=((0, "Pool-0"), (3, "rt")), domains=((0, "Domain-0"), (5, "DomD")))
    assert complete('pool = "rt"', host).done.c_info.poolid == 3
    assert complete('pool = "3"', host).done.c_info.poolid == 3
    assert complete('pool = "4294967296"', host).done.c_info.poolid == 0
    virtio = complete('virtio = [ "backend=DomD", "backend=7", "backend=", "type=x" ]', host).done.virtios
    assert [(one.backend_domid, one.grant_usage) for one in virtio] == [(5, True), (7, True), (0, False), (0, False)]


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("", Passthrough.DISABLED),
        ('dtdev = [ "/a" ]', Passthrough.SHARE_PT),
        ('pci = [ "01:00.0" ]', Passthrough.SHARE_PT),
        ('passthrough = "enabled"', Passthrough.SHARE_PT),
        ('passthrough = "share_pt"', Passthrough.SHARE_PT),
        ('passthrough = "disabled"', Passthrough.DISABLED),
    ],
)
def test_passthrough(text: str, mode: Passthrough) -> None:
    assert complete(text).done.c_info.passthrough is mode


@pytest.mark.parametrize(
    ("text", "nr_spis"),
    [
        ("", 0),
        ("irqs = [ 0, 31 ]", 0),
        ("irqs = [ 32 ]", 1),
        ("irqs = [ 1019, 40 ]", 988),
        ('vuart = "sbsa_uart"', 1),
        ('vuart = "sbsa_uart"\nirqs = [ 33 ]', 2),
        (slots(1), 2),
        (slots(11), 12),
        (f"{slots(1)}\nirqs = [ 34 ]", 3),
        (f'{slots(1)}\ndisk = [ "/a,raw,xvda,w,specification=virtio", "/b,raw,xvdb,w" ]', 3),
        ('virtio = [ "type=x" ]', 0),  # no transport, no slot
        ("irqs = [ 40 ]\nnr_spis = 9", 9),
        ("nr_spis = 4294967295", 0),
    ],
)
def test_number_of_spis(text: str, nr_spis: int) -> None:
    assert complete(text).done.b_info.arch_arm.nr_spis == nr_spis


def test_virtio_slots_are_handed_out_to_disks_first() -> None:
    text = f'{slots(2)}\ndisk = [ "/a,raw,xvda,w", "/b,raw,xvdb,w,specification=virtio" ]'
    config = complete(text).done
    assert [(one.irq, one.base) for one in config.disks] == [(0, 0), (33, 0x2000000)]
    assert [(one.irq, one.base) for one in config.virtios] == [(34, 0x2000200), (35, 0x2000400)]


def test_labels_and_pv_guests_are_warned_about() -> None:
    outcome = complete('init_seclabel = "x"\nseclabel = "y"\ntype = "pv"')
    assert outcome.done.c_info.type is DomainType.PVH
    assert [(one.message, one.severity, one.span and one.span.text) for one in outcome.said] == [
        ("XSM Disabled: init_seclabel not supported", Severity.WARNING, '"x"'),
        ("XSM Disabled: seclabel not supported", Severity.WARNING, '"y"'),
        ("Converting PV guest to PVH.", Severity.WARNING, '"pv"'),
    ]


def test_warnings_come_before_a_refusal() -> None:
    outcome = complete('seclabel = "y"\npool = "x"')
    assert [one.severity for one in outcome.said] == [Severity.WARNING, Severity.ERROR]


@pytest.mark.parametrize(("agent_id", "good"), [(0, True), (254, True), (255, False)])
def test_the_agent_range_counts_again_where_xl_did_not_look(agent_id: int, good: bool) -> None:
    arm_sci = f'{{"type": "scmi_smc_multiagent", "agent_id": {agent_id}}}'
    text = f'{{"c_info": {{"type": "pvh"}}, "b_info": {{"type.pvh": {{}}, "arch_arm": {{"arm_sci": {arm_sci}}}}}}}'
    parsed = Parsed(config=from_json(Source("guest.json", text)))
    if good:
        assert setdefault(parsed)[0].b_info.arch_arm.arm_sci.agent_id == agent_id
        return
    with pytest.raises(ConfigError, match=r"Invalid ARM SCI agent_id: 255\. Valid range is \[0\.\.254\]") as caught:
        setdefault(parsed)
    assert (caught.value.exit_code, caught.value.field) == (FAIL, "b_info.arch_arm.arm_sci.agent_id")
    assert caught.value.diagnostics[0].span is None
    setdefault(Parsed(config=from_json(Source("guest.json", text.replace("scmi_smc_multiagent", "scmi_smc")))))


@pytest.mark.parametrize("text", ["{}", '{"c_info": {"type": "pvh"}}'])
def test_a_configuration_without_a_type_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="invalid domain type") as caught:
        setdefault(Parsed(config=from_json(Source("guest.json", text))))
    assert caught.value.exit_code == INVAL


def test_a_clash_is_shown_at_its_item_of_the_list() -> None:
    text = 'name = "a"\nkernel = "/k"\nvuart = "sbsa_uart"\nirqs = [ 40,\n  50,\n  32 ]\n'
    parsed = parse_xlcfg(Source("guest.cfg", text))
    with pytest.raises(ConfigError, match="Physical IRQ 32 conflicting with pl011 SPI") as caught:
        setdefault(parsed)
    span = caught.value.diagnostics[-1].span
    assert span is not None
    assert (span.line, span.column, span.text) == (6, 3, "32")
