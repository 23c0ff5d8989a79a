#!/usr/bin/env bash
# `make demo`: the main jobs on the examples beside this file.
set -euo pipefail
cd "$(dirname "$0")"

bold='' plain=''
if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; fi
step() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
run() { # show a command as one would type it in this folder, and run it
    printf '$ %s\n' "$1"
    eval "$1"
}

echo "The commands are run in examples/."
step "1. An xl.cfg file with an SCMI agent, as libxl's JSON (xl -N create prints the same bytes)"
run "grep -n arm_sci guests/domd.cfg"
run "xenscmi create -n guests/domd.cfg 'uuid=\"5b9e83c3-54d0-4b3a-a9a5-0cb6b9b7d2f1\"'"
echo

step "2. What Xen is told: createdomain, field by field"
run "xenscmi domctl guests/domd.cfg 'uuid=\"5b9e83c3-54d0-4b3a-a9a5-0cb6b9b7d2f1\"'"
echo

step "3. The classic mistake: a space after the comma"
run "grep -n arm_sci guests/blank.cfg"
echo "xl silently ignores ' agent_id=2' and gives the domain agent 0:"
run "xenscmi domctl guests/blank.cfg | grep -E 'arm_sci_(type|agent_id)'"

step "4. A whole host: which agents are there, and do its files agree?"
run "xenscmi show spider"
run "xenscmi check spider"

step "5. The same host with three mistakes"
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp spider/* "$copy"
plant() { # FILE OLD NEW: replace OLD by NEW in FILE
    printf '%-10s %s -> %s\n' "$1" "$2" "${3//\\/}"
    sed -i "s|$2|$3|" "$copy/$1"
}
plant guest.cfg "47ff4,1" "47ff2,1"
plant panel.dts "0x82000005" "0x82000004"
plant xen.dtso "<&scmi_xen 11>" "<\\&scmi 11>"
cd "$copy"
run "xenscmi check" || true
cd - >/dev/null

step "6. The host without hardware: create three domains on its model"
export XDG_STATE_HOME="$copy/state"
run "xenscmi create --host spider spider/domd.cfg spider/guest.cfg"
run "xenscmi create spider/guest.cfg 'name=\"third\"' 'arm_sci=\"type=scmi_smc_multiagent,agent_id=5\"' 'dtdev=[]' \\
    'iomem=[\"47ff5,1@22001\"]' 'irqs=[]'"
run "xenscmi list"
run "xenscmi agents"

step "7. Which domain reaches which device"
run "xenscmi simulate spider"

step "8. A refused access: the guest tries domd's ethernet clock"
run "xenscmi scmi guest clock config_set clock_id=11 attributes.enable=yes" || true

step "9. An agent that is taken: the creation fails and leaves nothing behind"
run "xenscmi create spider/guest.cfg 'name=\"fourth\"'" || true

step "10. One plan, every file: a board's device tree becomes a host, checked and run"
cp -r plan "$copy/car"
cd "$copy"
run "sed -n '/^\[dom0/,\$p' car/plan.toml"
run "xenscmi plan render -q car"
run "xenscmi check car/host"
run "xenscmi simulate car/host"
run "grep -E 'arm_sci|iomem|irqs|dtdev' car/host/domd.cfg"
cd - >/dev/null
