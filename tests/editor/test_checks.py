"""When a host is looked at, and of which texts a view is."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

pytest.importorskip("pygls", reason="pygls is not installed (xenscmi[editor])")

from xenscmi.editor.checks import Checks
from xenscmi.editor.views import View

EXAMPLE = Path(__file__).parents[2] / "examples" / "spider"


def codes(view: View) -> set[str]:
    return {each.code for each in view.findings if each.code}


def test_a_view_is_of_the_texts_as_they_are_when_it_comes(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EXAMPLE, tmp_path / "spider"))
    guest = folder / "guest.cfg"
    clean, bad = guest.read_bytes(), guest.read_bytes().replace(b"agent_id=4", b"agent_id=2")
    shown: list[View] = []
    texts: dict[Path, bytes] = {}
    checks = Checks(lambda: dict(texts), shown.append)

    async def ask() -> None:
        view = await checks.current(folder)
        assert ("XS201" in codes(view)) is (texts.get(guest) is bad)
        assert view is shown[-1]

    async def type_while_it_looks() -> None:
        asked = []
        for number in range(12):
            asked.append(asyncio.create_task(ask()))
            await asyncio.sleep(0.02 * (number % 3))
            texts[guest] = clean if number % 2 else bad
            checks.changed(folder)
        await asyncio.gather(*asked, ask())

    asyncio.run(type_while_it_looks())


def test_all_fixes_are_those_of_the_texts_as_they_are(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EXAMPLE, tmp_path / "spider"))
    guest = folder / "guest.cfg"
    texts = {guest: guest.read_bytes().replace(b"agent_id=4", b"agent_id=2")}
    checks = Checks(lambda: dict(texts), lambda view: None)

    async def fix(change: bool) -> tuple[str, ...]:
        await checks.current(folder)
        waiting = asyncio.create_task(checks.fixes(folder))
        await asyncio.sleep(0)
        if change:
            checks.changed(folder)
        return tuple(text for _, text in await waiting)

    assert asyncio.run(fix(change=False)) == ("4",)
    checks = Checks(lambda: dict(texts), lambda view: None)
    assert asyncio.run(fix(change=True)) == ()
