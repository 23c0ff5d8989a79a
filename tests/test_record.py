from functools import cached_property

import pytest

from xenscmi.record import Record


class Point(Record):
    x: int
    y: int = 0


class Point3(Point):
    z: int = 0


def test_defaults_are_read_from_the_class_and_fields_keep_their_order() -> None:
    assert Point3.fields == ("x", "y", "z")
    assert (Point(x=1).y, Point(x=1)) == (0, Point(x=1, y=0))
    assert hash(Point(x=1)) == hash(Point(x=1, y=0))
    assert Point(x=1) != Point3(x=1)


@pytest.mark.parametrize("values", [{}, {"y": 1}, {"x": 1, "q": 2}])
def test_missing_and_unknown_fields_are_refused(values: dict[str, int]) -> None:
    with pytest.raises(TypeError, match="Point: missing fields"):
        Point(**values)


def test_a_record_cannot_change_but_be_replaced() -> None:
    point = Point(x=1)
    with pytest.raises(AttributeError, match="immutable"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="immutable"):
        del point.x
    assert repr(point.replace(y=3)) == "Point(x=1, y=3)"


def test_what_a_record_works_out_is_no_field() -> None:
    class Square(Record):
        side: int

        @cached_property
        def area(self) -> int:
            return self.side**2

    square = Square(side=2)
    assert square.area == 4
    assert square == Square(side=2)
    assert square.replace(side=3).area == 9
