"""The domain's identity: labels, type, name, UUID and CPU pool."""

from __future__ import annotations

from xenscmi.config.options.table import Build, boolean, companion, custom, one_of, string
from xenscmi.config.types.enums import DomainType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.config.options.text import Text


@custom("seclabel", "string", "b_info.exec_ssid_label", "Security label of the running domain (Flask).")
def _seclabel(build: Build) -> None:
    label = build.text("seclabel")
    if label is not None:
        initial = build.get("c_info.ssid_label") is not None
        build.set("b_info.exec_ssid_label" if initial else "c_info.ssid_label", label.text, label.value.span)


def _matching(buf: str, names: dict[str, DomainType]) -> DomainType | None:
    # xl compares only as many characters as the file has, so it accepts any prefix of a name, even an empty one.
    return next((kind for name, kind in names.items() if name.startswith(buf)), None)


def _type_of(build: Build, text: Text, names: dict[str, DomainType]) -> DomainType:
    kind = _matching(text.text, names)
    if kind is None:
        build.fail(f"Invalid domain type {text.text}.", text.span, one_of(iter(names)))
    return kind


@custom("type", "`pvh`, `pv`, `hvm`", "c_info.type", "Type of guest. On Arm, every guest is created as PVH.")
def _type(build: Build) -> None:
    names = {"hvm": DomainType.HVM, "pv": DomainType.PV, "pvh": DomainType.PVH}
    kind = DomainType.INVALID
    text = build.text("type")
    if text is not None:
        kind = _type_of(build, text, names)
    builder = build.text("builder")
    if builder is not None:
        other = _type_of(build, builder, {"hvm": DomainType.HVM, "generic": DomainType.PV})
        if kind not in (DomainType.INVALID, other):
            message = 'Contradicting "builder" and "type" options specified.'
            build.fail(message, builder.span, "remove builder; type is enough")
        kind = other
    build.type = DomainType.PVH if kind is DomainType.INVALID else kind
    span = build.span("type" if builder is None else "builder")
    build.set("c_info.type", build.type, span)
    build.locate("b_info.type", span)


@custom("name", "string", "c_info.name", "Name of the domain. Mandatory.")
def _name(build: Build) -> None:
    name = build.text("name")
    if name is None:
        build.fail("Domain name must be specified.", build.span("name"), 'add the line name = "…"')
    build.set("c_info.name", name.text, name.value.span)


@custom("uuid", "string", "c_info.uuid", "UUID of the domain. Default: a random one.")
def _uuid(build: Build) -> None:
    text = build.text("uuid")
    if text is None:
        build.set("c_info.uuid", build.new_uuid, None)
    else:
        build.set("c_info.uuid", parse_uuid(build, text, "Failed to parse UUID: {}"), text.value.span)


def parse_uuid(build: Build, text: Text, message: str) -> bytes:
    """Return the bytes of a UUID as libuuid reads it: 8-4-4-4-12 hexadecimal digits. Raises OptionError."""
    groups = text.text.split("-")
    digits = "".join(groups)
    if [len(group) for group in groups] != [8, 4, 4, 4, 12] or any(c not in "0123456789abcdefABCDEF" for c in digits):
        help_text = "write it as 00112233-4455-6677-8899-aabbccddeeff"
        build.fail(message.format(text.text), text.span, help_text)
    return bytes.fromhex(digits)


OPTIONS = (
    string("init_seclabel", "c_info.ssid_label", "Security label of the domain while it is built (Flask)."),
    _seclabel,
    _type,
    companion("builder", "`generic`, `hvm`", "c_info.type", "Old name of `type`."),
    boolean("hap", "c_info.hap", "Use hardware-assisted paging (the default). Xen on Arm refuses a domain without it."),
    _name,
    _uuid,
    boolean("oos", "c_info.oos", "Allow shadow page tables to be out of sync.", x86=True),
    string("pool", "c_info.pool_name", "Name or number of the domain's CPU pool."),
)
