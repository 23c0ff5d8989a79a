"""Every slip of a person is found, on the line to fix; the hosts without one are clean."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.rules.more_slips import MORE_SLIPS
from tests.rules.slips import SLIPS, Slip

from xenscmi.diagnostics import Diagnostic
from xenscmi.host.load import load_host
from xenscmi.rules.engine import check

BOARDS = Path(__file__).parent / "boards"
NAMES = sorted(path.name for path in BOARDS.iterdir())
ALL = (*SLIPS, *MORE_SLIPS)


def _check(board: str, changed: dict[str, str]) -> tuple[Diagnostic, ...]:
    """Return what the rules find on a board with some files changed, or added."""
    folder = BOARDS / board
    texts = {path.name: path.read_text() for path in folder.iterdir()} | changed

    def read(path: Path) -> bytes:
        if path.name not in texts:
            raise FileNotFoundError(path)
        return texts[path.name].encode()

    loaded = load_host([str(folder)], read=read, list_folder=lambda path: [path / name for name in sorted(texts)])
    return check(loaded.host)


def _line(text: str, piece: str) -> int:
    assert piece in text, piece
    return text[: text.index(piece)].count("\n") + 1


@pytest.mark.parametrize("board", NAMES)
def test_the_board_itself_is_clean(board: str) -> None:
    assert _check(board, {}) == ()


@pytest.mark.parametrize("slip", ALL, ids=lambda slip: f"{slip.board}-{slip.name}-{ALL.index(slip)}")
def test_a_slip_is_found_at_the_line_to_fix(slip: Slip) -> None:
    path = BOARDS / slip.board / slip.file
    text = path.read_text() if path.exists() else ""
    assert text.count(slip.good) == 1 or not text, slip.good
    changed = text.replace(slip.good, slip.bad) if text else slip.bad
    file, piece = slip.at or (slip.file, slip.good)
    before = text if slip.at is None else changed if file == slip.file else (BOARDS / slip.board / file).read_text()
    wanted = (file, _line(before, piece), slip.name, slip.severity)
    found = _check(slip.board, {slip.file: changed})
    assert wanted in [
        (Path(each.span.source.name).name, each.span.line, each.name, each.severity) for each in found if each.span
    ], [(each.span and (each.span.source.name, each.span.line), each.name, each.message) for each in found]


def test_each_slip_is_there_once() -> None:
    assert len({(slip.board, slip.file, slip.good, slip.bad) for slip in ALL}) == len(ALL) > 200
