"""What takes time or memory out of proportion: large inputs of each kind, within the limits of `conftest`."""

from __future__ import annotations

import pytest
from tests.hostile.axes import AXES
from tests.hostile.conftest import Place, Run


@pytest.mark.slow
@pytest.mark.parametrize("name", AXES)
def test_large_inputs_end_in_time(place: Place, run: Run, name: str) -> None:
    axis = AXES[name]
    for file, content in axis.files(axis.sizes[-1]).items():
        place.write(file, content)
    done = run(*axis.command)
    assert "Traceback" not in done.err
