"""Print a completion script for a shell: commands, options, domains, protocols, messages, rules and profiles.

To complete in this shell:
  bash:  source <(xenscmi completion bash)
  zsh:   source <(xenscmi completion zsh)
  fish:  xenscmi completion fish | source

The scripts ask `xenscmi completion --domains` for the domains that run. That boots nothing and changes nothing.

exit codes: 0; 2 for a shell that is not known
"""

from __future__ import annotations

from xenscmi.cli import COMMANDS, load, make_parser
from xenscmi.cli.running import DOM0_NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Action, ArgumentParser, Namespace
    from collections.abc import Iterator, Mapping, Sequence

# What the metavar of an argument says about its words.
DOMAIN, PROTOCOL, MESSAGE = "DOMAIN", "PROTOCOL", "MESSAGE"
_RULES = ("RULES", "CODE | NAME")

# Where the script offers nothing, the shell completes file names, also those with spaces (-o default).
_BASH = r"""_xenscmi() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} command=${{COMP_WORDS[1]}}
    local words= at=0 i
    local -a given=("")
    for ((i = 2; i < COMP_CWORD; i++)); do
        case "$command ${{COMP_WORDS[i]}}" in
        {valued}) ((++i)) ;;
        "$command -"*) ;;
        *) ((++at)); given[at]=${{COMP_WORDS[i]}} ;;
        esac
    done
    if ((COMP_CWORD == 1)); then
        words="{commands} --help --version"
    elif [[ $cur == -* ]]; then
        case $command in
{options}
        esac
    else
        case "$command $previous" in
{values}
        *)
            case "$command $at" in
{positions}
            esac
        esac
    fi
    case $words in
    @domains) words="$(xenscmi completion --domains 2>/dev/null)" ;;
    @messages)
        case ${{given[2]}} in
{messages}
        esac
    esac
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
}}
complete -o default -F _xenscmi xenscmi
"""

# Counts the words behind the command that are neither options nor their values; fish runs it for each condition.
_FISH = r"""function __xenscmi_at
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test $words[2] = $argv[1]; or return 1
    set -l given
    set -l skip 0
    for word in $words[3..-1]
        if test $skip = 1
            set skip 0
        else if contains -- "$argv[1] $word" {valued}
            set skip 1
        else if not string match -q -- '-*' $word
            set -a given $word
        end
    end
    test $skip = 0; or return 1
    test $argv[2] = any; or test (count $given) = $argv[2]; or return 1
    test (count $argv) -lt 3; or test $given[2] = $argv[3]
end
"""


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("shell", nargs="?", choices=["bash", "zsh", "fish"], help="print the script for this shell")
    parser.add_argument("--domains", action="store_true", help="print the names of the domains that run, one a line")


def run(arguments: Namespace) -> int:
    """Run the command."""
    if arguments.domains:
        return _print_domains()
    if arguments.shell is None:
        from xenscmi.cli.files import say

        say("xenscmi completion: error: name a shell: bash, zsh or fish")
        return 2
    actions = {command: make_parser(command, load(command))._actions for command in COMMANDS}
    print(_fish(actions) if arguments.shell == "fish" else _bash(actions, zsh=arguments.shell == "zsh"), end="")
    return 0


def _print_domains() -> int:
    """Print what can be given as DOMAIN here; nothing where that cannot be known without a change."""
    from argparse import Namespace

    from xenscmi.cli.files import put
    from xenscmi.cli.running import is_real, state_file
    from xenscmi.diagnostics import XenscmiError

    host = Namespace(hypervisor="auto", state=None)
    try:
        if is_real(host):
            from xenscmi.hypercall.running import RunningXen

            names = RunningXen().look().names()
        else:
            names = state_file(host).names()
    except XenscmiError:
        return 0
    found = dict.fromkeys(names.values())
    if 0 in names:
        found |= dict.fromkeys(DOM0_NAMES)
    put("".join(f"{name}\n" for name in found))
    return 0


# What there is to offer


def _long_options(action: Action) -> list[str]:
    return [option for option in action.option_strings if option.startswith("--")]


def _words(command: str, action: Action) -> list[str]:
    """Return what can be given as the action's argument, where that is a list of words; @ stands for what is asked."""
    if action.metavar == DOMAIN:
        return ["@domains"]
    if action.metavar == MESSAGE:
        return ["@messages"]
    if action.metavar == PROTOCOL:
        return list(_messages())
    if action.metavar in _RULES and command in ("check", "explain"):
        from xenscmi.rules.registry import all_rules

        return [word for rule in all_rules() for word in (rule.code, rule.name)]
    if action.dest == "profile":
        return _profiles(command)
    return [str(one) for one in action.choices or ()]


def _profiles(command: str) -> list[str]:
    """Return the profiles of Xen for domctl, those of firmware for other commands."""
    if command == "domctl":
        from xenscmi.domctl.profiles import PROFILES

        return list(PROFILES)
    from xenscmi.firmware.profile import PROFILES as FIRMWARE_PROFILES

    return list(FIRMWARE_PROFILES)


def _messages() -> Mapping[str, Sequence[str]]:
    """Return the names of the messages of each protocol, as they are shortest."""
    from xenscmi.scmi.compose import short_names
    from xenscmi.scmi.header import ProtocolId
    from xenscmi.scmi.protocols import protocol

    found = ((each.name.lower(), protocol(each)) for each in ProtocolId)
    return {name: short_names(of) for name, of in found if of is not None}


def _valued(actions: Mapping[str, Sequence[Action]]) -> Iterator[str]:
    """Yield `COMMAND OPTION` for each option that takes a value."""
    for command, each in actions.items():
        for action in each:
            if action.option_strings and action.nargs != 0:
                yield from (f"{command} {option}" for option in action.option_strings)


def _positional(actions: Sequence[Action]) -> Iterator[tuple[int | None, Action]]:
    """Yield the arguments that are not options, each with its position; None for those that may be repeated."""
    at = 0
    for action in actions:
        if not action.option_strings:
            yield (None if action.nargs in ("+", "*") else at), action
            at += 1


# The scripts


def _bash(actions: Mapping[str, Sequence[Action]], *, zsh: bool) -> str:
    options = "\n".join(
        f'        {command}) words="{" ".join(word for action in each for word in _long_options(action))}" ;;'
        for command, each in actions.items()
    )
    messages = "\n".join(f'        {name}) words="{" ".join(found)}" ;;' for name, found in _messages().items())
    script = _BASH.format(
        commands=" ".join(actions),
        options=options,
        valued=" | ".join(f'"{each}"' for each in _valued(actions)),
        values="\n".join(_value_cases(actions)),
        positions="\n".join(_position_cases(actions)),
        messages=messages,
    )
    return f"autoload -U +X bashcompinit && bashcompinit\n{script}" if zsh else script


def _value_cases(actions: Mapping[str, Sequence[Action]]) -> Iterator[str]:
    for command, each in actions.items():
        for action in each:
            behind = " | ".join(f'"{command} {option}"' for option in action.option_strings if action.nargs != 0)
            if behind and (words := _words(command, action)):
                yield f'        {behind}) words="{" ".join(words)}" ;;'


def _position_cases(actions: Mapping[str, Sequence[Action]]) -> Iterator[str]:
    for command, each in actions.items():
        for at, action in _positional(each):
            if words := _words(command, action):
                place = f'"{command} "*' if at is None else f'"{command} {at}"'
                yield f'            {place}) words="{" ".join(words)}" ;;'


def _fish(actions: Mapping[str, Sequence[Action]]) -> str:
    valued = " ".join(_fish_quoted(each) for each in _valued(actions))
    lines = [
        f"complete -c xenscmi -n __fish_use_subcommand -f -a {command} -d {_fish_quoted(summary)}"
        for command, summary in COMMANDS.items()
    ]
    for command, each in actions.items():
        for action in each:
            words = _words(command, action)
            offered = f" -a {_fish_quoted(_fish_words(words))}" if words else ""
            kind = "" if action.nargs == 0 else " -x" if words else " -r"
            start = f"complete -c xenscmi -n '__fish_seen_subcommand_from {command}'"
            lines += [f"{start} -l {word.removeprefix('--')}{kind}{offered}" for word in _long_options(action)]
        for at, action in _positional(each):
            lines += _fish_positional(command, "any" if at is None else str(at), _words(command, action))
    return _FISH.replace("{valued}", valued) + "\n".join(lines) + "\n"


def _fish_positional(command: str, at: str, words: Sequence[str]) -> Iterator[str]:
    if words == ["@messages"]:
        for name, found in _messages().items():
            yield f"complete -c xenscmi -n '__xenscmi_at {command} {at} {name}' -f -a {_fish_quoted(' '.join(found))}"
    elif words:
        yield f"complete -c xenscmi -n '__xenscmi_at {command} {at}' -f -a {_fish_quoted(_fish_words(words))}"


def _fish_words(words: Sequence[str]) -> str:
    return "(xenscmi completion --domains 2>/dev/null)" if words == ["@domains"] else " ".join(words)


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
