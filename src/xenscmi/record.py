"""Immutable records: what `dataclass(frozen=True, kw_only=True)` gives, without its import.

`create -n` runs in loops, and importing `dataclasses` alone takes longer than starting Python. A record keeps only the
fields that were given; the others are read from the class, where their defaults stand.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, Self, dataclass_transform
else:

    def dataclass_transform(**_):
        """Do nothing at run time: it is for type checkers."""
        return lambda cls: cls


@dataclass_transform(eq_default=True, frozen_default=True, kw_only_default=True)
class Record:
    """Base of immutable records: subclasses annotate their fields, in order, and may give defaults.

    `fields` names a class's fields in order. Equality is by class and value; a record is hashable if its values are.
    """

    fields: ClassVar[tuple[str, ...]] = ()
    _required: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls) -> None:
        cls.fields = (*cls.fields, *(name for name in cls.__annotations__ if name not in cls.fields))
        cls._required = frozenset(name for name in cls.fields if not hasattr(cls, name))

    def __init__(self, **values: Any) -> None:
        if not self._required <= values.keys() or not values.keys() <= set(self.fields):
            missing = sorted(self._required - values.keys())
            unknown = sorted(values.keys() - set(self.fields))
            raise TypeError(f"{type(self).__name__}: missing fields {missing}, unknown fields {unknown}")
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: cannot set {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: cannot delete {name}")

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.fields)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self.fields)))

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self.fields if name in self.__dict__)
        return f"{type(self).__name__}({given})"

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed."""
        given = {name: self.__dict__[name] for name in self.fields if name in self.__dict__}
        return type(self)(**{**given, **changes})
