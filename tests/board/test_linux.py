"""A real Linux on the board: its SCMI drivers against our firmware."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.board.conftest import PROTOCOLS, Boot, kernel_of, name_of, node, two_agents

from xenscmi.board.session import Ending
from xenscmi.firmware import PROFILES, uniform_platform
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.protocols import protocol
from xenscmi.scmi.status import Status

pytestmark = pytest.mark.slow

SHOW = """\
echo "== clocks"; cat /sys/kernel/debug/clk/clk_summary
echo "== domains"; cat /sys/kernel/debug/pm_genpd/pm_genpd_summary
echo "== bound"; ls -d /sys/bus/*/drivers/of_serial/*.serial /sys/bus/amba/drivers/rtc-pl031/*.rtc
echo "== cpus"; nproc
echo xenscmi-report: pass
"""


def part(console: str, name: str) -> str:
    """What the script showed under a heading."""
    return console.partition(f"== {name}\n")[2].partition("== ")[0]


def test_two_agents_in_one_kernel_reach_what_each_may_use(boot: Boot) -> None:
    first, second = two_agents()
    agents = [node(first, rtc=1, consumers=[1, 2]), node(second, consumers=[2, 1])]

    run = boot(SHOW, agents=agents)

    assert run.outcome.ending is Ending.POWER_OFF
    assert run.outcome.reports == ((True, ""),)
    assert part(run.console, "cpus").split()[0] == "2"
    clocks = part(run.console, "clocks")
    assert "clock-1 " in clocks
    assert "clock-2 " in clocks
    assert "clock-0 " not in clocks
    domains = part(run.console, "domains").splitlines()
    assert sorted(line.split()[0] for line in domains if line.startswith("power-")) == ["power-1", "power-2"]
    # Of each agent, the consumer of its own device, and not that of the other's.
    bound = {line.rpartition("/")[2] for line in part(run.console, "bound").split()}
    assert bound == {"9010000.rtc", "47ff0000.serial", "47ff0200.serial"}
    for agent_id in (1, 2):
        statuses = run.statuses("clock CLOCK_ATTRIBUTES", agent_id)
        assert statuses == [Status.SUCCESS if number == agent_id else Status.DENIED for number in range(4)]


PROBE = """\
base PROTOCOL_VERSION
base PROTOCOL_ATTRIBUTES
base BASE_DISCOVER_VENDOR
base BASE_DISCOVER_SUB_VENDOR
base BASE_DISCOVER_IMPLEMENTATION_VERSION
base BASE_DISCOVER_LIST_PROTOCOLS
base BASE_DISCOVER_AGENT
base BASE_DISCOVER_AGENT
clock PROTOCOL_VERSION
clock PROTOCOL_ATTRIBUTES
clock CLOCK_ATTRIBUTES
clock CLOCK_ATTRIBUTES
clock CLOCK_DESCRIBE_RATES
clock CLOCK_ATTRIBUTES
clock CLOCK_ATTRIBUTES
clock CLOCK_RATE_GET
reset PROTOCOL_VERSION
reset PROTOCOL_ATTRIBUTES
reset RESET_DOMAIN_ATTRIBUTES
reset RESET_DOMAIN_ATTRIBUTES
reset RESET_DOMAIN_ATTRIBUTES
reset RESET_DOMAIN_ATTRIBUTES
power_domain PROTOCOL_VERSION
power_domain PROTOCOL_ATTRIBUTES
power_domain POWER_DOMAIN_ATTRIBUTES
power_domain POWER_DOMAIN_ATTRIBUTES
power_domain POWER_DOMAIN_ATTRIBUTES
power_domain POWER_DOMAIN_ATTRIBUTES
power_domain POWER_STATE_GET
power_domain POWER_STATE_GET
power_domain POWER_STATE_GET
power_domain POWER_STATE_GET
""".splitlines()


def test_linux_6_1_probes_in_the_order_that_was_recorded(boot: Boot) -> None:
    run = boot("echo xenscmi-report: pass", agents=[node(two_agents()[0])])

    assert run.names(1)[: len(PROBE)] == PROBE


@pytest.mark.parametrize(
    ("fault", "step"),
    [
        ("refuse:clock.config_set=denied@1", "enabling its clock"),
        ("refuse:reset.reset=denied@1", "deasserting its reset"),
    ],
)
def test_a_denied_message_is_eacces_in_the_kernel(boot: Boot, fault: str, step: str) -> None:
    run = boot("echo xenscmi-report: pass", agents=[node(two_agents()[0], consumers=[1])], faults=[fault])

    assert run.outcome.passed
    assert "of_serial: probe of 47ff0000.serial failed with error -13" in run.console, step


def test_a_message_that_is_lost_makes_the_next_one_warn_and_the_boot_goes_on(boot: Boot) -> None:
    run = boot("echo xenscmi-report: pass", agents=[node(two_agents()[0])], faults=["drop:clock.attributes#2"])

    assert run.outcome.passed
    assert [each.fault for each in run.messages if each.response is None] == ["drop:clock.attributes#2"]
    assert "Timeout waiting for a free TX channel" in run.console


def test_linux_takes_an_answer_with_another_token(boot: Boot) -> None:
    faults = ["corrupt:clock.protocol_version=header"]

    run = boot(SHOW, agents=[node(two_agents()[0], consumers=[1])], faults=faults)

    assert run.outcome.passed
    assert "47ff0000.serial" in part(run.console, "bound")


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_profile_as_it_stands_is_probed_without_a_warning(boot: Boot, name: str) -> None:
    """Also clock protocol 3.0, of which Linux 6.1 knows nothing: its CLOCK_CONFIG_SET is then a PROTOCOL_ERROR."""
    first, second = two_agents()
    agents = [node(first, rtc=1, consumers=[1]), node(second, consumers=[2])]

    run = boot(SHOW, agents=agents, platform=uniform_platform((first, second), 4), profile=PROFILES[name])

    assert run.outcome.passed, run.console
    for trouble in ("Oops", "WARNING:", "Unable to handle", "Timed out"):
        assert trouble not in run.console
    assert "SCMI Protocol v2." in run.console


def test_a_cpu_goes_off_and_comes_back(boot: Boot) -> None:
    """CPU_OFF and CPU_ON after the boot, and messages from both CPUs meanwhile."""
    script = """\
cd /sys/devices/system/cpu/cpu1
for turn in 1 2 3; do
    echo 0 > online && echo "off $(nproc)"
    echo 1 > online && echo "on $(nproc)"
done
cat > /tmp/read <<END
n=0
while [ \\$n -lt 50 ]; do cat /sys/kernel/debug/clk/clk_summary; n=\\$((n+1)); done
END
for cpu in 1 2; do taskset $cpu sh /tmp/read > /dev/null & done
wait
echo xenscmi-report: pass
"""

    run = boot(script, agents=[node(agent) for agent in two_agents()])

    assert run.outcome.passed, run.console[-2000:]
    assert [line for line in run.console.splitlines() if line in ("off 1", "on 2")] == ["off 1", "on 2"] * 3
    assert len(run.statuses("clock CLOCK_RATE_GET", 2)) > 100


@pytest.mark.parametrize("suite", ["trixie", "sid"])
def test_newer_kernels_take_the_newest_protocol_versions(boot: Boot, suite: str) -> None:
    """Linux 6.12 and 7.x know clock protocol 3.0: their CLOCK_CONFIG_SET has three words."""
    agents = [node(two_agents()[0], rtc=1, consumers=[1])]

    run = boot(SHOW, agents=agents, profile=PROFILES["generic"], kernel=kernel_of(suite))

    assert run.outcome.passed, run.console[-2000:]
    for trouble in ("Oops", "WARNING:", "Unable to handle", "Timed out"):
        assert trouble not in run.console
    assert set(run.statuses("clock CLOCK_CONFIG_SET", 1)) == {Status.SUCCESS}
    assert {len(each.request) for each in run.messages if name_of(each) == "clock CLOCK_CONFIG_SET"} == {12}
    bound = {line.rpartition("/")[2] for line in part(run.console, "bound").split()}
    assert bound == {"9010000.rtc", "47ff0000.serial"}


def versions(pick: int) -> dict[int, int]:
    """The oldest (0), the newest (-1) or a middle version of every protocol that Linux uses here."""
    protocols = [protocol(number) for number in (*PROTOCOLS, ProtocolId.BASE)]
    return {each.id: each.versions[min(pick, len(each.versions) - 1)] for each in protocols if each is not None}


@pytest.mark.parametrize("pick", [0, 1, 2, -1], ids=["oldest", "second", "third", "newest"])
@pytest.mark.parametrize("suite", ["bookworm", "sid"])
def test_linux_takes_every_protocol_version_that_we_offer(boot: Boot, suite: str, pick: int) -> None:
    profile = replace(PROFILES["generic"], versions=versions(pick))
    agents = [node(two_agents()[0], consumers=[1])]

    run = boot(SHOW, agents=agents, profile=profile, kernel=kernel_of(suite))

    assert run.outcome.passed, run.console[-2000:]
    for trouble in ("Oops", "WARNING:", "Unable to handle", "Timed out"):
        assert trouble not in run.console
    # Linux before 6.7 has clock protocol 3.0 answer PROTOCOL_ERROR to its CLOCK_CONFIG_SET in two words.
    works = suite == "sid" or profile.versions[ProtocolId.CLOCK] < 0x30000
    assert ("47ff0000.serial" in part(run.console, "bound")) == works
