"""Rules that check and simulate an SCMI host as one action, which Bazel's caches and remote execution know."""

# In Bazel's sandbox every input is a link to a file elsewhere, and xenscmi follows no link out of the host's folder: the
# action works on copies. Their paths are those in the workspace, so that a report names them rightly.
_COMMAND = """
set -e
out=$PWD/$1; shift
host=$1; shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
while [ "$1" != -- ]; do
    mkdir -p "$work/$(dirname "$1")"
    cp -L "$1" "$work/$1"
    shift
done
shift
cd "$work"
"$@" --output "$out" "$host"
"""

def _impl(ctx):
    report = ctx.actions.declare_file("{}.{}".format(ctx.label.name, ctx.attr.format))
    command = ctx.actions.args()
    command.add(report)
    command.add(ctx.file.host)
    command.add(ctx.file.host)
    command.add_all(ctx.files.srcs)
    command.add("--")
    command.add_all([ctx.attr.xenscmi, ctx.attr.command, "--format", ctx.attr.format])
    command.add_all(ctx.attr.options)
    ctx.actions.run_shell(
        command = _COMMAND,
        arguments = [command],
        inputs = ctx.files.srcs + [ctx.file.host],
        outputs = [report],
        mnemonic = "Xenscmi",
        progress_message = "xenscmi {} {}".format(ctx.attr.command, ctx.file.host.short_path),
        use_default_shell_env = True,  # PATH has xenscmi and dtc: pin them in the image of the workers
    )
    return [
        DefaultInfo(files = depset([report])),
        # A target that depends on this one is built only if the host passes.
        OutputGroupInfo(_validation = depset([report])),
    ]

def _rule(command, formats):
    return rule(
        implementation = _impl,
        attrs = {
            "host": attr.label(mandatory = True, allow_single_file = True, doc = "The host.toml, or a device tree."),
            "srcs": attr.label_list(allow_files = True, doc = "Every other file that the host names or includes."),
            "format": attr.string(default = formats[0], values = formats, doc = "The format of the report."),
            "options": attr.string_list(doc = "More options, such as --severity=error."),
            "xenscmi": attr.string(default = "xenscmi", doc = "The program: a name on PATH, or a path."),
            "command": attr.string(default = command, values = [command]),
        },
    )

xenscmi_check = _rule("check", ["sarif", "gitlab", "junit", "json", "text"])
xenscmi_simulate = _rule("simulate", ["junit", "json", "text"])
