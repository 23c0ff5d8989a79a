"""Print a completion script for a shell.

To complete in this shell:
  bash:  source <(xenscmi completion bash)
  zsh:   source <(xenscmi completion zsh)
  fish:  xenscmi completion fish | source
"""

from __future__ import annotations

from xenscmi.cli import COMMANDS, load, make_parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Action, ArgumentParser, Namespace
    from collections.abc import Iterator

# Where the script offers nothing, the shell completes file names, also those with spaces (-o default).
_BASH = """_xenscmi() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} words=
    if ((COMP_CWORD == 1)); then
        words="{commands} --help --version"
    elif [[ $cur == -* ]]; then
        case ${{COMP_WORDS[1]}} in
{options}
        esac
    else
        case "${{COMP_WORDS[1]}} ${{COMP_WORDS[COMP_CWORD-1]}}" in
{values}
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
}}
complete -o default -F _xenscmi xenscmi
"""


_RULES = ("select", "ignore")  # the options of check that take rules


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("shell", choices=["bash", "zsh", "fish"], help="print the script for this shell")


def run(arguments: Namespace) -> int:
    """Run the command."""
    actions = {command: make_parser(command, load(command))._actions for command in COMMANDS}
    print(_fish(actions) if arguments.shell == "fish" else _bash(actions, zsh=arguments.shell == "zsh"), end="")
    return 0


def _long_options(action: Action) -> list[str]:
    return [option for option in action.option_strings if option.startswith("--")]


def _values(command: str, action: Action) -> list[str]:
    """Return what can be given as the action's argument, where that is a list of words."""
    if (command == "explain" and not action.option_strings) or (command == "check" and action.dest in _RULES):
        from xenscmi.rules.registry import all_rules

        return [word for rule in all_rules() for word in (rule.code, rule.name)]
    return [str(one) for one in action.choices or ()]


def _bash(actions: dict[str, list[Action]], *, zsh: bool) -> str:
    options = "\n".join(
        f'        {command}) words="{" ".join(word for action in each for word in _long_options(action))}" ;;'
        for command, each in actions.items()
    )
    script = _BASH.format(commands=" ".join(actions), options=options, values="\n".join(_value_cases(actions)))
    return f"autoload -U +X bashcompinit && bashcompinit\n{script}" if zsh else script


def _value_cases(actions: dict[str, list[Action]]) -> Iterator[str]:
    for command, each in actions.items():
        for action in each:
            if words := _values(command, action):
                behind = " | ".join(f'"{command} {word}"' for word in action.option_strings) or f'"{command} "*'
                yield f'        {behind}) words="{" ".join(words)}" ;;'


def _fish(actions: dict[str, list[Action]]) -> str:
    lines = [
        f"complete -c xenscmi -n __fish_use_subcommand -f -a {command} -d {_fish_quoted(summary)}"
        for command, summary in COMMANDS.items()
    ]
    for command, each in actions.items():
        start = f"complete -c xenscmi -n '__fish_seen_subcommand_from {command}'"
        for action in each:
            words = _values(command, action)
            offered = f" -a {_fish_quoted(' '.join(words))}" if words else ""
            if action.option_strings:
                kind = "" if action.nargs == 0 else " -x" if words else " -r"
                lines += [f"{start} -l {word.removeprefix('--')}{kind}{offered}" for word in _long_options(action)]
            elif words:
                lines.append(f"{start} -f{offered}")
    return "\n".join(lines) + "\n"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
