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
    from argparse import ArgumentParser, Namespace

_BASH = """_xenscmi() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} words
    if ((COMP_CWORD == 1)); then
        words="{commands} --help --version"
    else
        case ${{COMP_WORDS[1]}} in
{cases}
        esac
    fi
    if [[ $cur == -* || $COMP_CWORD == 1 ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$cur"))
    else
        COMPREPLY=($(compgen -f -- "$cur"))
    fi
}}
complete -o filenames -F _xenscmi xenscmi
"""


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("shell", choices=["bash", "zsh", "fish"], help="whose script")


def run(arguments: Namespace) -> int:
    """Run the command."""
    options = {command: _options(command) for command in COMMANDS}
    print(_fish(options) if arguments.shell == "fish" else _bash(options, zsh=arguments.shell == "zsh"), end="")
    return 0


def _options(command: str) -> list[str]:
    parser = make_parser(command, load(command))
    return [option for action in parser._actions for option in action.option_strings if option.startswith("--")]


def _bash(options: dict[str, list[str]], *, zsh: bool) -> str:
    cases = "\n".join(f'        {command}) words="{" ".join(words)}" ;;' for command, words in options.items())
    script = _BASH.format(commands=" ".join(options), cases=cases)
    return f"autoload -U +X bashcompinit && bashcompinit\n{script}" if zsh else script


def _fish(options: dict[str, list[str]]) -> str:
    lines = [
        f"complete -c xenscmi -n __fish_use_subcommand -f -a {command} -d '{summary.replace(chr(39), '')}'"
        for command, summary in COMMANDS.items()
    ]
    for command, words in options.items():
        seen = f"'__fish_seen_subcommand_from {command}'"
        lines += [f"complete -c xenscmi -n {seen} -l {word.removeprefix('--')}" for word in words]
    return "\n".join(lines) + "\n"
