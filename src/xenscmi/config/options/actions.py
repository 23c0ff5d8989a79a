"""What xl does when the domain stops."""

from __future__ import annotations

from xenscmi.config.options.table import Build, Option, one_of
from xenscmi.config.options.text import Text
from xenscmi.config.types.enums import ActionOnShutdown

# xl has names of its own for these (xl_parse.c, action_on_shutdown_names).
_ACTIONS = {
    "destroy": ActionOnShutdown.DESTROY,
    "restart": ActionOnShutdown.RESTART,
    "rename-restart": ActionOnShutdown.RESTART_RENAME,
    "preserve": ActionOnShutdown.PRESERVE,
    "coredump-destroy": ActionOnShutdown.COREDUMP_DESTROY,
    "coredump-restart": ActionOnShutdown.COREDUMP_RESTART,
    "soft-reset": ActionOnShutdown.SOFT_RESET,
}
_TAKES = ", ".join(f"`{name}`" for name in _ACTIONS)


def _action(key: str, default: ActionOnShutdown, doc: str) -> Option:
    def read(build: Build) -> None:
        found = build.text(key)
        if found is None:
            build.set(key, default, None)
        else:
            build.set(key, _named(build, key, found), found.value.span)

    return Option(key=key, takes=_TAKES, sets=key, doc=doc, read=read)


def _named(build: Build, key: str, text: Text) -> ActionOnShutdown:
    action = _ACTIONS.get(text.text)
    if action is None:
        build.fail(f'Unknown {key} action "{text.text}" specified', text.span, one_of(iter(_ACTIONS)))
    return action


OPTIONS = (
    _action("on_poweroff", ActionOnShutdown.DESTROY, "After it shut itself down."),
    _action("on_reboot", ActionOnShutdown.RESTART, "After it asked for a reboot."),
    _action("on_watchdog", ActionOnShutdown.DESTROY, "After its watchdog ran out."),
    _action("on_crash", ActionOnShutdown.DESTROY, "After it crashed."),
    _action("on_soft_reset", ActionOnShutdown.SOFT_RESET, "After it asked for a soft reset."),
)
