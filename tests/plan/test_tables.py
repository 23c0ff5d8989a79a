"""The firmware's tables: C that gcc takes without a warning, and that says the plan's numbers when it is run."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from tests.plan.boards import HEAD, Workplace

PLAN = (
    HEAD
    + """
tables = ["tfa", "optee", "scp", "imx-sm"]
[dom0]
devices = "rest"
zephyr = true
[[domain]]
name = "domd"
devices = ["mmc", "can"]
[[domain]]
name = "a-very-long-name-of-a-domain"
agent = 9
"""
)

# What the tables need of each firmware's own headers, as far as they use it.
STUBS = {
    "tfa/drivers/scmi-msg.h": """
#define SMT_BUF_SLOT_SIZE 128U
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct scmi_msg_channel { uintptr_t shm_addr; size_t shm_size; bool busy; const char *agent_name; };
""",
    "optee/drivers/scmi-msg.h": """
#define SMT_BUF_SLOT_SIZE 128
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct io_pa_va { uintptr_t pa; void *va; };
struct scmi_msg_channel {
	struct io_pa_va shm_addr; size_t shm_size; bool busy; bool threaded; const char *agent_name;
};
""",
    "scp/mod_scmi.h": """
enum scmi_agent_type { SCMI_AGENT_TYPE_PSCI, SCMI_AGENT_TYPE_MANAGEMENT, SCMI_AGENT_TYPE_OSPM, SCMI_AGENT_TYPE_OTHER };
struct mod_scmi_agent { enum scmi_agent_type type; const char *name; };
""",
    "scp/mod_scmi_std.h": "",
    "scp/fwk_id.h": """
#pragma once
#include <stddef.h>
#include <stdint.h>
typedef struct { uint32_t module; uint32_t element; } fwk_id_t;
#define FWK_ID_ELEMENT_INIT(m, e) { .module = (m), .element = (e) }
#define FWK_ID_NONE_INIT { .module = 0 }
""",
    "scp/fwk_module_idx.h": """
enum { FWK_MODULE_IDX_SCMI_CLOCK = 20, FWK_MODULE_IDX_SCMI_RESET_DOMAIN = 22, FWK_MODULE_IDX_SCMI_POWER_DOMAIN = 17 };
""",
    "scp/mod_resource_perms.h": """
#include <fwk_id.h>
typedef uint16_t mod_res_perms_t;
enum mod_res_domain_device_types {
    MOD_RES_POWER_DOMAIN_DEVICE, MOD_RES_PERF_DOMAIN_DEVICE, MOD_RES_CLOCK_DOMAIN_DEVICE, MOD_RES_SENSOR_DOMAIN_DEVICE,
    MOD_RES_RESET_DOMAIN_DEVICE, MOD_RES_DOMAIN_DEVICE_INVALID
};
enum { MOD_RES_PERMS_SCMI_CLOCK_ATTRIBUTES_IDX, MOD_RES_PERMS_SCMI_CLOCK_DESCRIBE_RATE_IDX,
    MOD_RES_PERMS_SCMI_CLOCK_RATE_SET_IDX, MOD_RES_PERMS_SCMI_CLOCK_RATE_GET_IDX,
    MOD_RES_PERMS_SCMI_CLOCK_CONFIG_SET_IDX };
enum { MOD_RES_PERMS_SCMI_RESET_DOMAIN_ATTRIBUTES_IDX, MOD_RES_PERMS_SCMI_RESET_DOMAIN_RESET_REQUEST_IDX,
    MOD_RES_PERMS_SCMI_RESET_DOMAIN_RESET_NOTIFY_IDX };
enum { MOD_RES_PERMS_SCMI_POWER_DOMAIN_ATTRIBUTES_IDX, MOD_RES_PERMS_SCMI_POWER_DOMAIN_STATE_SET_IDX,
    MOD_RES_PERMS_SCMI_POWER_DOMAIN_STATE_GET_IDX, MOD_RES_PERMS_SCMI_POWER_DOMAIN_STATE_NOTIFY_IDX };
struct mod_res_domain_device { fwk_id_t device_id; enum mod_res_domain_device_types type; };
struct mod_res_device { uint16_t device_id; struct mod_res_domain_device *domain_devices; };
struct mod_res_agent_permission { mod_res_perms_t *scmi_pd_perms, *scmi_clock_perms, *scmi_reset_domain_perms; };
""",
    "zephyr/zephyr/xen/public/domctl.h": """
#define XEN_DOMCTL_CDF_hvm 1
#define XEN_DOMCTL_CDF_hap 2
#define XEN_DOMCTL_CDF_iommu 32
#define XEN_DOMCTL_CONFIG_GIC_NATIVE 0
#define XEN_DOMCTL_CONFIG_TEE_NONE 0
""",
    "zephyr/domain.h": """
#include <stddef.h>
#include <stdint.h>
#define CONTAINER_NAME_SIZE 64
struct xen_domain_iomem { uint64_t first_gfn; uint64_t first_mfn; uint64_t nr_mfns; };
struct xen_domain_cfg {
	char name[CONTAINER_NAME_SIZE];
	uint64_t mem_kb; uint32_t flags; uint32_t max_vcpus; uint32_t max_evtchns; int32_t gnt_frames;
	int32_t max_maptrack_frames; uint8_t gic_version; uint16_t tee_type;
	struct xen_domain_iomem *iomems; uint32_t nr_iomems; uint32_t *irqs; uint32_t nr_irqs;
	char **dtdevs; uint32_t nr_dtdevs; char *cmdline; const char *dtb_start, *dtb_end;
};
""",
}

READER = """
#include <stdio.h>
#include "plan_scmi_tables.h"
static void list(const char *kind, const uint32_t *numbers, size_t count) {
	printf(" %s", kind);
	for (size_t at = 0; at < count; at++) printf(" %u", numbers[at]);
}
int main(void) {
	for (unsigned at = 0; at < PLAN_SCMI_AGENT_COUNT; at++)
		if (plan_scmi_func_ids[at])
			printf("agent %u %u %lu %s\\n", at, plan_scmi_func_ids[at],
				(unsigned long)plan_scmi_channels[at].shm_addr ADDRESS, plan_scmi_channels[at].agent_name);
	for (unsigned at = 0; at < PLAN_SCMI_DEVICE_COUNT; at++) {
		const struct plan_scmi_device *device = &plan_scmi_devices[at];
		printf("device %u %u", device->id, device->agent);
		list("clocks", device->clocks, device->clocks_count);
		list("resets", device->resets, device->resets_count);
		list("power_domains", device->power_domains, device->power_domains_count);
		printf("\\n");
	}
	return 0;
}
"""


@pytest.fixture
def rendered(place: Workplace) -> Workplace:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    place.write(PLAN)
    assert place.plan("render") == 0
    for name, text in STUBS.items():
        path = place.folder / "stubs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return place


def gcc(place: Workplace, firmware: str, *arguments: str | Path) -> None:
    include = ("-I", place.folder / "stubs" / firmware)
    command = [
        "gcc",
        "-std=c11",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-Wno-missing-field-initializers",
        *include,
        *arguments,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


@pytest.mark.parametrize(
    "name",
    [
        "firmware/tfa/plan_scmi_tables.c",
        "firmware/optee/plan_scmi_tables.c",
        "firmware/scp/config_plan_scmi.c",
        "firmware/scp/config_plan_resource_perms.c",
        "zephyr/domd.c",
        "zephyr/a-very-long-name-of-a-domain.c",
    ],
)
def test_tables_compile_without_a_warning(rendered: Workplace, name: str, tmp_path: Path) -> None:
    firmware = name.split("/")[-2]
    gcc(rendered, firmware, "-c", rendered.host / name, "-o", tmp_path / "table.o")


@pytest.mark.parametrize(("firmware", "address"), [("tfa", ""), ("optee", ".pa")])
def test_tables_read_back_to_the_plan(rendered: Workplace, firmware: str, address: str, tmp_path: Path) -> None:
    folder = rendered.host / "firmware" / firmware
    (tmp_path / "reader.c").write_text(READER.replace(" ADDRESS", address))
    program = tmp_path / "reader"
    gcc(rendered, firmware, "-I", folder, tmp_path / "reader.c", folder / "plan_scmi_tables.c", "-o", program)
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    manifest = tomllib.loads(rendered.read("host.toml"))["firmware"]
    agents = [f"agent {row['id']} {row['func_id']} {row['page']}" for row in manifest["agents"]]
    assert [line.rsplit(" ", 1)[0] for line in lines if line.startswith("agent")] == agents
    owners = tomllib.loads((rendered.folder / "plan.lock").read_text())["agents"]
    devices = []
    for row in manifest["devices"]:
        owner = "domd" if row["id"] in _given(rendered, "domd") else "dom0"
        parts = [f"device {row['id']} {owners[owner]}"]
        for kind in ("clocks", "resets", "power_domains"):
            parts.append(" ".join([kind, *map(str, row.get(kind, []))]))
        devices.append(" ".join(parts))
    assert [line for line in lines if line.startswith("device")] == devices


def _given(place: Workplace, name: str) -> set[int]:
    return next(set(each["reached"]) for each in place.simulate()["domains"] if each["name"] == name)


def test_agents_names_fit_into_scmis_sixteen_bytes(rendered: Workplace) -> None:
    assert '.agent_name = "a-very-long-nam",' in rendered.read("firmware/tfa/plan_scmi_tables.c")


def test_scp_denies_every_planned_resource_at_boot(rendered: Workplace) -> None:
    text = rendered.read("firmware/scp/config_plan_resource_perms.c")
    # Clock 112 is bit 0 of word 7; agent 1 is Xen's, and may use everything.
    assert "[AGENT_IDX(1)]" not in text
    assert text.count("[MOD_RES_PERMS_SCMI_CLOCK_CONFIG_SET_IDX] = { [0] = 0x8, [6] = 0x8000, [7] = 0xfff") == 3


def test_the_system_manager_says_which_names_it_lacks(rendered: Workplace) -> None:
    text = rendered.read("firmware/imx-sm/plan.cfg")
    assert "# /soc/mmc@e0120000: its names are not in the resource map (sm)" in text
    rows = '[[devices]]\npath = "/soc/mmc@e0120000"\nid = 10\nsm = ["USDHC1"]\n'
    (rendered.folder / "small.toml").write_text((rendered.folder / "small.toml").read_text() + rows)
    assert rendered.plan("render") == 0
    assert "USDHC1              OWNER  # /soc/mmc@e0120000" in rendered.read("firmware/imx-sm/plan.cfg")
