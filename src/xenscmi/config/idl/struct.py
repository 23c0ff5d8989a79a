"""libxl's structures, and the fields that hold structures and lists of them (tools/libs/light/idl.py)."""

from __future__ import annotations

from xenscmi.config.idl.field import Field, Refused
from xenscmi.record import Record
from xenscmi.xlcfg.numbers import LONG_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, ClassVar, Self, TypeVar

    from xenscmi.config.idl.enumeration import Enumeration

    T = TypeVar("T")


class Struct(Record):
    """Base of libxl's structures: `kinds` maps each field to its `Field`, in libxl's order."""

    kinds: ClassVar[dict[str, Field]] = {}

    def __init_subclass__(cls) -> None:
        cls.kinds = {name: cls.__dict__[name] for name in cls.__annotations__}
        for name, field in cls.kinds.items():
            setattr(cls, name, field.default)
        super().__init_subclass__()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Make a structure from plain values and nested mappings, truncated as C's assignments would."""
        kinds = cls.kinds
        return cls(**{name: kinds[name].wrap(value) for name, value in values.items()})

    def dump(self) -> dict[str, Any]:
        """Return libxl's JSON: structures, and the fields that are not at their default."""
        entries = {}
        for name, field in self.kinds.items():
            value = getattr(self, name)
            if isinstance(field, UnionField):
                if value is not None:
                    entries[field.entry(value)] = value.dump()
            elif isinstance(field, StructField) or value != field.default:
                entries[name] = field.dump(value)
        return entries

    @classmethod
    def load(cls, json: Mapping[str, Any]) -> Self:
        """Make a structure from libxl's JSON; entries that libxl skips are skipped. Raises Refused."""
        values: dict[str, Any] = {}
        for name, field in cls.kinds.items():
            if isinstance(field, UnionField):
                chosen = [(f"{field.key}.{enumerator.text}", kind) for enumerator, kind in field.kinds.items()]
                present = [(entry, kind) for entry, kind in chosen if isinstance(json.get(entry), dict)]
                if len(present) > 1:
                    raise Refused(f"both {present[0][0]} and {present[1][0]}")
                for entry, kind in present:
                    values[name] = _load_at(entry, kind.load, json[entry])
            elif name in json and _is(json[name], field):
                values[name] = _load_at(name, field.load, json[name])
        return cls(**values)


class StructField(Field):
    """A structure. libxl reads JSON that is not an object as a structure without any fields."""

    def __init__(self, kind: type[Struct]) -> None:
        super().__init__(kind())
        self.kind = kind

    def wrap(self, value: Struct | Mapping[str, Any]) -> Struct:
        return value if isinstance(value, Struct) else self.kind.of(value)

    def dump(self, value: Struct) -> dict[str, Any]:
        return value.dump()

    def load(self, json: object) -> Struct:
        return self.kind.load(json) if isinstance(json, dict) else self.kind()


class ArrayField(Field):
    """A tuple of values of one kind."""

    json = list
    wanted = "an array"

    def __init__(self, item: Field) -> None:
        super().__init__(())
        self.item = item

    def wrap(self, value: Any) -> tuple[Any, ...]:
        return tuple(self.item.wrap(item) for item in value)

    def dump(self, value: tuple[Any, ...]) -> list[Any]:
        return [self.item.dump(item) for item in value]

    def load(self, json: list[Any]) -> tuple[Any, ...]:
        return tuple(self._load_item(index, item) for index, item in enumerate(json))

    def _load_item(self, index: int, json: Any) -> Any:
        # In an array, unlike in an object, libxl refuses an entry of the wrong kind.
        if not _is(json, self.item):
            raise Refused(f"not {self.item.wanted}", index)
        try:
            return self.item.load(json)
        except Refused as refused:
            raise refused.within(index) from None


class UnionField(Field):
    """libxl's KeyedUnion: an enumerator selects the structure, and is part of its name in JSON (`type.pvh`)."""

    def __init__(self, key: str, kinds: Mapping[Enumeration, type[Struct]], default: Enumeration | None) -> None:
        super().__init__(None if default is None else kinds[default]())
        self.key = key
        self.kinds = kinds
        self.enumerators = {kind: enumerator for enumerator, kind in kinds.items()}

    def entry(self, value: Struct) -> str:
        return f"{self.key}.{self.enumerators[type(value)].text}"


def _is(json: object, field: Field) -> bool:
    """Whether a JSON value is of the kind that the field wants; libxl takes no integers past 64 bits."""
    if field.json is int:
        return type(json) is int and json <= LONG_MAX
    return isinstance(json, field.json)


def _load_at(step: str, load: Callable[[Any], T], json: object) -> T:
    try:
        return load(json)
    except Refused as refused:
        raise refused.within(step) from None
