"""What libxl keeps of a domain in files (libxl_dom.c, userdata): its configuration as JSON, for `xl list -l`."""

from __future__ import annotations

import json
import re
import uuid
from contextlib import suppress
from pathlib import Path

FOLDER = Path("/var/lib/xen")
_NAME = re.compile(r"userdata-d\.([0-9]{1,5})\.[0-9a-f-]{36}\.libxl-json\Z")
_LARGEST = 1 << 24


def write(domid: int, handle: bytes, document: str) -> None:
    """Keep a domain's configuration, where dom0 has libxl's folder; the file is there whole or not at all.

    An older libxl stumbles over fields that it does not know, so those that say nothing are left out.
    """
    if not FOLDER.is_dir():
        return
    config = json.loads(document)
    info = config.get("b_info", {})
    for fields, name in ((info.get("arch_arm", {}), "arm_sci"), (info, "xenstore_quota")):
        if not fields.get(name, True):
            del fields[name]
    path = FOLDER / f"userdata-d.{domid}.{uuid.UUID(bytes=handle)}.libxl-json"
    fresh = path.with_name(f"userdata-n.{path.name.partition('.')[2]}")
    fresh.write_text(json.dumps(config, indent=4) + "\n")
    fresh.chmod(0o600)
    fresh.replace(path)


def read_all() -> dict[int, str]:
    """Return the configurations that are kept, by domain id; xl's too. What is not a JSON object is left out."""
    found = {}
    for path in FOLDER.glob("userdata-d.*.libxl-json"):
        match = _NAME.match(path.name)
        if match and path.stat().st_size <= _LARGEST:
            with suppress(OSError, ValueError):
                text = path.read_text().rstrip("\0")  # xl's files end in a NUL
                if isinstance(json.loads(text), dict):
                    found[int(match[1])] = text
    return found


def remove(domid: int) -> None:
    """Remove all that is kept of a domain, xl's own files too."""
    for path in FOLDER.glob(f"userdata-?.{domid}.*"):
        with suppress(OSError):
            path.unlink()
