"""`firmware/scp/`: configuration of SCP-firmware: the agents (mod_scmi), and their permissions (mod_resource_perms).

SCP-firmware denies where a bit is set. At boot, no agent but the management agent may use a resource of any device of
the plan: Xen has them granted as it makes the domains, and BASE_RESET_AGENT_CONFIGURATION brings this state back.
"""

from __future__ import annotations

from xenscmi.plan.allocation import Allocation
from xenscmi.plan.rendering.c_tables import KINDS, agent_name, bits, device_rows
from xenscmi.plan.rendering.header import slashes

_WIDTH = 16
"""Bits of mod_res_perms_t."""
# Kind → the module of its elements, the type of a device's part, the table of the agents' permissions, its messages.
_MODULES = {
    "clocks": (
        "FWK_MODULE_IDX_SCMI_CLOCK",
        "MOD_RES_CLOCK_DOMAIN_DEVICE",
        "scmi_clock_perms",
        ("CLOCK_ATTRIBUTES", "CLOCK_DESCRIBE_RATE", "CLOCK_RATE_SET", "CLOCK_RATE_GET", "CLOCK_CONFIG_SET"),
    ),
    "resets": (
        "FWK_MODULE_IDX_SCMI_RESET_DOMAIN",
        "MOD_RES_RESET_DOMAIN_DEVICE",
        "scmi_reset_domain_perms",
        ("RESET_DOMAIN_ATTRIBUTES", "RESET_DOMAIN_RESET_REQUEST", "RESET_DOMAIN_RESET_NOTIFY"),
    ),
    "power_domains": (
        "FWK_MODULE_IDX_SCMI_POWER_DOMAIN",
        "MOD_RES_POWER_DOMAIN_DEVICE",
        "scmi_pd_perms",
        (
            "POWER_DOMAIN_ATTRIBUTES",
            "POWER_DOMAIN_STATE_SET",
            "POWER_DOMAIN_STATE_GET",
            "POWER_DOMAIN_STATE_NOTIFY",
        ),
    ),
}


def render(allocation: Allocation) -> dict[str, str]:
    """Return the files."""
    return {
        "firmware/scp/plan_scmi.h": _header(allocation),
        "firmware/scp/config_plan_scmi.c": _agents(allocation),
        "firmware/scp/config_plan_resource_perms.c": _permissions(allocation),
    }


def _header(allocation: Allocation) -> str:
    lines = [slashes(), "#ifndef PLAN_SCMI_H", "#define PLAN_SCMI_H", ""]
    lines += ["/* Each agent's page: .out_band_mailbox_address of its channel in mod_transport. */"]
    lines += [f"#define PLAN_SCMI_PAGE_{each.agent_id} ({each.page:#x}UL)" for each in allocation.channels]
    lines += ["", "/* The SMC function ids that ring the agents' channels. */"]
    lines += [f"#define PLAN_SCMI_FUNC_ID_{each.agent_id} ({each.func_id:#x}U)" for each in allocation.channels]
    lines += ["", f"#define PLAN_SCMI_AGENT_COUNT {max(allocation.owners)}U", "", "#endif /* PLAN_SCMI_H */"]
    return "\n".join(lines) + "\n"


def _agents(allocation: Allocation) -> str:
    lines = [slashes(), '#include "plan_scmi.h"', "", "#include <mod_scmi.h>", ""]
    lines.append("const struct mod_scmi_agent plan_scmi_agents[PLAN_SCMI_AGENT_COUNT + 1] = {")
    for number, owner in sorted(allocation.owners.items()):
        kind = "MANAGEMENT" if number == allocation.management.agent_id else "OSPM"
        lines += [f"    [{number}] = {{", f"        .type = SCMI_AGENT_TYPE_{kind},"]
        lines += [f"        .name = {agent_name(owner)},", "    },"]
    return "\n".join([*lines, "};"]) + "\n"


def _permissions(allocation: Allocation) -> str:
    rows = device_rows(allocation)
    lines = [slashes(), '#include "plan_scmi.h"', ""]
    lines += ["#include <mod_resource_perms.h>", "#include <mod_scmi_std.h>", ""]
    lines += ["#include <fwk_id.h>", "#include <fwk_module_idx.h>", ""]
    lines += [
        "/* Agent 0 may use everything; the tables begin with agent 1. */",
        "#define AGENT_IDX(id) ((id) - 1)",
        "",
    ]
    for row in rows:
        lines += [f"/* {row.path} */", f"static struct mod_res_domain_device device_{row.device_id}[] = {{"]
        for kind in KINDS:
            module, part, _, _ = _MODULES[kind]
            for number in row.resources[kind]:
                lines.append(f"    {{ .device_id = FWK_ID_ELEMENT_INIT({module}, {number}), .type = {part} }},")
        lines += ["    { .device_id = FWK_ID_NONE_INIT, .type = MOD_RES_DOMAIN_DEVICE_INVALID },", "};", ""]
    lines.append("struct mod_res_device plan_scmi_devices[] = {")
    lines += [f"    {{ .device_id = {row.device_id}, .domain_devices = device_{row.device_id} }}," for row in rows]
    lines += ["    { .device_id = 0xffff, .domain_devices = NULL },", "};", ""]
    tables = []
    for kind in KINDS:
        numbers = sorted({number for row in rows for number in row.resources[kind]})
        if numbers:
            tables.append(_MODULES[kind][2])
            lines += _denied(allocation, kind, numbers)
    lines.append("struct mod_res_agent_permission plan_scmi_agent_permissions = {")
    lines += [f"    .{table} = &plan_{table}[0][0][0]," for table in tables]
    return "\n".join([*lines, "};"]) + "\n"


def _denied(allocation: Allocation, kind: str, numbers: list[int]) -> list[str]:
    """Return the table by which no agent but the management agent may use these resources."""
    _, _, table, messages = _MODULES[kind]
    words = bits(numbers, _WIDTH)
    lines = [f"static mod_res_perms_t plan_{table}[PLAN_SCMI_AGENT_COUNT][{len(messages)}][{max(words) + 1}] = {{"]
    for number in sorted(allocation.owners):
        if number in (0, allocation.management.agent_id):
            continue
        lines.append(f"    [AGENT_IDX({number})] = {{")
        for message in messages:
            values = ", ".join(f"[{word}] = {value:#x}" for word, value in words.items())
            lines.append(f"        [MOD_RES_PERMS_SCMI_{message}_IDX] = {{ {values} }},")
        lines.append("    },")
    return [*lines, "};", ""]
