"""A hypervisor that answers hypercalls in this process as a release of Xen would: as far as probing goes."""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from xenscmi.domctl.createdomain import DomctlError, decode
from xenscmi.domctl.profiles import PROFILES
from xenscmi.hypercall.errors import HypercallError
from xenscmi.hypercall.libraries import HypercallBuffer, Hypercalls

MULTI_AGENT = 2


class FakeHypercalls(Hypercalls):
    """Xen of a release with the layout of a profile; `mediator` is the multi-agent one, if it has any.

    `domains` are those that exist, `made` counts all that were made.
    """

    def __init__(
        self, profile: str, *, release: tuple[int, int] | None = None, mediator: bool = True, sysctl: int = 0x16
    ) -> None:
        self.profile = PROFILES[profile]
        major, _, minor = profile.partition("+")[0].partition(".")
        self.release = release or (int(major), int(minor))
        self.mediator = mediator
        self.sysctl = sysctl
        self.domains = {0}
        self.made = 0

    def close(self) -> None:
        pass

    @contextmanager
    def buffer(self, content: bytes) -> Iterator[HypercallBuffer]:
        memory = ctypes.create_string_buffer(content, len(content))
        yield HypercallBuffer(ctypes.addressof(memory), len(content))

    def call(self, name: str, op: int, first: int, second: int = 0) -> int:
        if op == 17:
            return self.release[0] << 16 | self.release[1]
        handler = {35: self._sysctl, 36: self._domctl}.get(op)
        number = errno.ENOSYS if handler is None else handler(first)
        if number:
            raise HypercallError(number, name)
        return 0

    def _sysctl(self, address: int) -> int:
        version = int.from_bytes(ctypes.string_at(address + 4, 4), "little")
        return 0 if version == self.sysctl else errno.EACCES

    def _domctl(self, address: int) -> int:
        data = ctypes.string_at(address, 144)
        command, version, domid = struct.unpack_from("<IIH", data)
        if version != self.profile.interface_version:
            return errno.EACCES
        if command == 1:
            return self._createdomain(address, data, domid)
        if domid not in self.domains:
            return errno.ESRCH
        if command == 2:
            self.domains.remove(domid)
        return 0

    def _createdomain(self, address: int, data: bytes, domid: int) -> int:
        if domid != (0x7FF5 if self.profile.interface_version >= 0x18 else 0):
            return errno.EEXIST
        body = data[16 : 16 + self.profile.size]
        try:
            config = decode(body, self.profile)
        except DomctlError:
            if self.profile.interface_version >= 0x18:
                return errno.EINVAL  # padding must be zero
            config = decode(body[:-3] + bytes(3), self.profile)
        number = self._refusal(config.arch_v8r_el1_msa, config.arch_arm_sci_type, config.arch_arm_sci_agent_id)
        if number:
            return number
        self.made += 1
        self.domains.add(self.made)
        ctypes.memmove(address + 8, self.made.to_bytes(2, "little"), 2)
        (gic,) = (field.offset for field in self.profile.layout if field.name == "arch.gic_version")
        ctypes.memmove(address + 16 + gic, b"\2", 1)
        return 0

    def _refusal(self, v8r_el1_msa: int, sci_type: int, agent_id: int) -> int:
        if v8r_el1_msa:
            return errno.EINVAL
        if not self.mediator or not sci_type:
            return 0
        if sci_type != MULTI_AGENT or not self.profile.agent_ids:
            return errno.EINVAL
        return 0 if agent_id in (2, 3) else errno.ENOENT
