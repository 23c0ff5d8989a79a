# Checks an SCMI host as a task of a recipe: do_xenscmi_check fails where `xenscmi check` does.
#
# BitBake decides when the task runs: its signature has the recipe's sources (by way of do_unpack), the variables below,
# and the files of XENSCMI_FILES. With OE-Core, sstate keeps the report, and a build that has it does not run the task.

# The program. It and dtc come from the build host (HOSTTOOLS += "xenscmi dtc fdtoverlay cpp") or from native recipes.
XENSCMI ?= "xenscmi"

# What to check: a folder, a host.toml, or files. For many hosts: XENSCMI_HOST = "--hosts '${S}/variants/*/host.toml'".
XENSCMI_HOST ?= "${S}"

# More options of `xenscmi check`, such as "--severity error --include ${STAGING_KERNEL_DIR}/include".
XENSCMI_OPTIONS ?= ""

# Files and folders beside the recipe's sources on which the result depends, such as those that another layer owns.
XENSCMI_FILES ?= ""

# The report for CI, and its format: sarif, gitlab, junit, json or text.
XENSCMI_FORMAT ?= "sarif"
XENSCMI_REPORT ?= "${PN}.${XENSCMI_FORMAT}"

XENSCMI_WORK = "${WORKDIR}/xenscmi"

do_xenscmi_check[doc] = "Checks the SCMI host of this recipe with xenscmi"
do_xenscmi_check[dirs] = "${XENSCMI_WORK}"
do_xenscmi_check[cleandirs] = "${XENSCMI_WORK}"
do_xenscmi_check[file-checksums] += "${@' '.join(each + ':True' for each in d.getVar('XENSCMI_FILES').split())}"
do_xenscmi_check[vardeps] += "XENSCMI_HOST XENSCMI_OPTIONS XENSCMI_FORMAT"
do_xenscmi_check () {
    ${XENSCMI} check ${XENSCMI_OPTIONS} --format ${XENSCMI_FORMAT} \
        --output ${XENSCMI_WORK}/${XENSCMI_REPORT} ${XENSCMI_HOST}
}
addtask xenscmi_check after do_unpack do_patch before do_build

# Only OE-Core has an sstate: there, the report is deployed, and taken from the sstate while nothing has changed.
SSTATETASKS += "do_xenscmi_check"
do_xenscmi_check[sstate-inputdirs] = "${XENSCMI_WORK}"
do_xenscmi_check[sstate-outputdirs] = "${DEPLOY_DIR_IMAGE}/xenscmi"
python do_xenscmi_check_setscene () {
    sstate_setscene(d)
}
addtask do_xenscmi_check_setscene
