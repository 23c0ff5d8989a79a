"""Creates domains in libxl's steps; a step that fails undoes all steps before it.

The steps and messages are those of tools/libs/light/libxl_create.c (libxl__domain_make, domcreate_launch_dm,
libxl__add_dtdevs).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from xenscmi.config.constants import MAX_VIRT_CPUS_GIC_V2
from xenscmi.config.errors import EXIT_ERROR_FAIL, EXIT_FAILURE
from xenscmi.config.types.enums import ArmSciType
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.toolstack.advice import advise
from xenscmi.toolstack.backend import Backend, XenError
from xenscmi.toolstack.spec import DomainSpec

_ARM_SCI = "b_info.arch_arm.arm_sci"
_REFUSED_FIELDS = {
    errno.EEXIST: f"{_ARM_SCI}.agent_id",
    errno.ENOENT: f"{_ARM_SCI}.agent_id",
    errno.ENODEV: "b_info.arch_arm.gic_version",
}
"""The field that createdomain refuses with an errno, as far as the errno tells."""


class CreationError(XenscmiError):
    """A step of a domain's creation failed; nothing of the domain is left.

    `step` is the name of the step: of its domctl, if it is one. `field` is libxl's path of the field that it was about.
    `errno` is Xen's, or 0 if Xen was not asked. `domid` is None if Xen did not even create the domain. `message` is
    libxl's line, `log` is what Xen printed meanwhile.
    """

    def __init__(
        self, *diagnostics: Diagnostic, step: str, field: str, message: str, errno: int, domid: int | None
    ) -> None:
        super().__init__(*diagnostics)
        self.step = step
        self.field = field
        self.message = message
        self.errno = errno
        self.domid = domid
        self.log: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """xl's exit code: that of ERROR_FAIL, but for a device that of libxc's bare -1."""
        return EXIT_FAILURE if self.step == "assign_device" else EXIT_ERROR_FAIL


def create(xen: Backend, spec: DomainSpec, *, paused: bool = False) -> int:
    """Create a domain and return its id; it runs, unless it is to stay paused.

    Raises CreationError; what was created before the failure is destroyed. If the firmware refuses to reset the agent,
    the domain stays, dying, as on a real host.
    """
    mark = xen.log_mark()
    try:
        return _Creation(xen, spec, paused=paused).run()
    except CreationError as error:
        error.log = tuple(xen.log(mark))
        raise


def create_all(xen: Backend, specs: Sequence[DomainSpec], *, paused: bool = False) -> list[int]:
    """Create several domains in order, and return their ids. Raises CreationError, with none of them left."""
    made: list[int] = []
    for spec in specs:
        try:
            made.append(create(xen, spec, paused=paused))
        except BaseException:
            for domid in reversed(made):
                with suppress(XenError):
                    xen.destroydomain(domid)
            raise
    return made


@dataclass(frozen=True, slots=True)
class _Step:
    """A call to Xen: the domctl's name, the field that it is about, and what libxl says if it fails."""

    name: str
    field: str
    message: str
    call: Callable[[], None]


class _Creation:
    """One domain in the making."""

    def __init__(self, xen: Backend, spec: DomainSpec, *, paused: bool) -> None:
        self.xen = xen
        self.spec = spec
        self.paused = paused
        self.domid: int | None = None

    def run(self) -> int:
        try:
            self.domid = domid = self.xen.createdomain(self.spec.createdomain)
        except XenError as error:
            words = f"domain creation fail: {error}"
            raise self.failure("createdomain", self.refused_field(error.errno), words, error) from None
        try:
            for step in self.steps(domid):
                self.take(step)
        except BaseException:  # Ctrl-C too must not leave half a domain
            with suppress(XenError):
                self.xen.destroydomain(domid)
            raise
        return domid

    def refused_field(self, number: int) -> str:
        """Return the field that createdomain most likely refused with an errno."""
        spec = self.spec
        asks_scmi_smc = spec.config.b_info.arch_arm.arm_sci.type is ArmSciType.SCMI_SMC
        if number == errno.EINVAL and not asks_scmi_smc and spec.createdomain.max_vcpus > MAX_VIRT_CPUS_GIC_V2:
            return "b_info.max_vcpus"
        return _REFUSED_FIELDS.get(number, _ARM_SCI)

    def take(self, step: _Step) -> None:
        try:
            step.call()
        except XenError as error:
            words = f"Domain {self.domid}:{step.message.format(error)}"
            raise self.failure(step.name, step.field, words, error) from None
        except XenscmiError as error:
            # A file that cannot be used has its own message.
            words = f"Domain {self.domid}:{step.message.format(error)}"
            raise CreationError(
                *error.diagnostics, step=step.name, field=step.field, message=words, errno=0, domid=self.domid
            ) from None

    def steps(self, domid: int) -> Iterator[_Step]:
        """Yield what libxl does after createdomain, in its order."""
        xen, spec = self.xen, self.spec
        yield _Step(
            "domain_rename",
            "c_info.name",
            f'Domain with name "{_literal(spec.name)}" already exists.',
            partial(self.refuse_taken_name, domid),
        )
        yield _Step(
            "set_name",
            "c_info.name",
            "cannot write its entries in xenstore: {}",
            partial(xen.set_name, domid, spec.name),
        )
        yield _Step("build", "b_info.kernel", "cannot (re-)build domain: {}", partial(xen.build, domid, spec))
        for index, irq in enumerate(spec.irqs):
            yield _Step(
                "bind_pt_spi_irq",
                f"b_info.irqs[{index}]",
                f"failed give domain access to irq {irq}: {{}}",
                partial(xen.bind_pt_spi_irq, domid, irq),
            )
        for index, each in enumerate(spec.iomem):
            field = f"b_info.iomem[{index}]"
            frames = f"{each.start:x}-{each.start + each.number - 1:x}"
            yield _Step(
                "iomem_permission",
                field,
                f"failed give domain access to iomem range {frames}: {{}}",
                partial(xen.iomem_permission, domid, each.start, each.number, allow=True),
            )
            yield _Step(
                "memory_mapping",
                field,
                f"failed to map to domain iomem range {frames} to guest address {each.gfn:x}: {{}}",
                partial(xen.memory_mapping, domid, each.gfn, each.start, each.number, add=True),
            )
        for index, path in enumerate(spec.dtdevs):
            yield _Step(
                "assign_device",
                f"dtdevs[{index}].path",
                "xc_assign_dtdevice failed: -1",
                partial(xen.assign_device, domid, path),
            )
        if not self.paused:
            yield _Step(
                "unpausedomain", "c_info.name", "unpausing domain failed: {}", partial(xen.unpausedomain, domid)
            )

    def refuse_taken_name(self, domid: int) -> None:
        name = self.spec.name
        if name and any(name == other for number, other in self.xen.names().items() if number != domid):
            raise XenError(errno.EEXIST)

    def failure(self, step: str, field: str, message: str, error: XenError) -> CreationError:
        """Return the failure of a step in libxl's words, with the place of its field, and advice."""
        name = errno.errorcode.get(error.errno, str(error.errno))
        diagnostic = Diagnostic(
            message=f"{message} (step {step}, errno {error.errno} {name})",
            span=self.spec.place(field),
            help=advise(self.xen, self.spec, step, field, error.errno),
        )
        return CreationError(diagnostic, step=step, field=field, message=message, errno=error.errno, domid=self.domid)


def _literal(text: str) -> str:
    """Return a text that str.format does not change."""
    return text.replace("{", "{{").replace("}", "}}")
