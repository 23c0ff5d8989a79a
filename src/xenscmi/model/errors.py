"""How the model fails: a panic of Xen, and a domain's access to what it was not given."""

from __future__ import annotations


class Panic(Exception):
    """Xen's last word when it cannot boot the host; `log` is what it printed before."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.log: tuple[str, ...] = ()


class DataAbort(Exception):
    """A domain touched a guest physical address at which it was given nothing."""

    def __init__(self, address: int) -> None:
        super().__init__(address)
        self.address = address

    def __str__(self) -> str:
        return f"data abort at {self.address:#x}"
