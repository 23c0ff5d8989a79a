"""libxl's enumerations, as classes.

At run time, `Members` replaces `enum.Enum`: creating 35 Enum classes would take a tenth of a cold `create -n`. Type
checkers see Enum.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import Enum as Members
    from typing import Any, ClassVar, Self
else:

    class _MembersType(type):
        """A class whose names in upper case are members. `KIND(1)` returns a member by value; iteration yields all."""

        def __iter__(cls) -> Iterator[Any]:
            return iter(cls.members.values())

        def __call__(cls, value: int) -> Any:
            try:
                return cls.members[value]
            except KeyError:
                raise ValueError(f"{value!r} is not a valid {cls.__name__}") from None

    class Members(metaclass=_MembersType):
        """Base of enumerations: every name in upper case of a subclass becomes the only instance with its value."""

        members: ClassVar[dict[int, Members]] = {}

        def __init_subclass__(cls) -> None:
            cls.members = {}
            for name, value in [*vars(cls).items()]:
                if name.isupper():
                    member = object.__new__(cls)
                    member.__dict__.update(name=name, value=value)
                    cls.members[value] = member
                    setattr(cls, name, member)

        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(f"{self!r} is immutable: cannot set {name}")

        def __repr__(self) -> str:
            return f"<{type(self).__name__}.{self.name}: {self.value}>"

        def __copy__(self) -> Self:
            return self

        def __deepcopy__(self, memo: object) -> Self:
            return self

        def __reduce__(self) -> tuple[type[Self], tuple[int]]:
            return type(self), (self.value,)


class Enumeration(Members):
    """Base of libxl's enumerations: members in upper case, named in lower case in files and JSON."""

    @property
    def text(self) -> str:
        """The name that libxl's `_to_string` gives."""
        return self.name.lower()

    @classmethod
    def from_string(cls, text: str) -> Self | None:
        """Return the member of that name in any case (libxl's `_from_string`); None if there is none."""
        lowered = text.lower() if text.isascii() else ""
        return next((member for member in cls if member.text == lowered), None)
