"""Runs a task of a recipe with BitBake's own library, in the package bitbake-setup: its parser and its executor.

    python bitbake_task.py LAYER RECIPE WORKDIR TASK

The package lacks the servers that share hashes between machines, which a single task does not call.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import Any

for missing in ("hashserv", "hashserv.client"):
    module: Any = ModuleType(missing)
    module.ClientPool = None
    sys.modules[missing] = module

import bb.build  # noqa: E402
import bb.data  # noqa: E402
import bb.parse  # noqa: E402
import bb.siggen  # noqa: E402

layer, recipe, work, task = sys.argv[1:]
settings = {
    "BBPATH": layer,
    "DEPLOY_DIR_IMAGE": f"{work}/deploy",
    "FILE": recipe,
    "PATH": os.environ["PATH"],
    "PN": "scmi-host",
    "T": f"{work}/temp",
    "TMPDIR": f"{work}/tmp",
    "WORKDIR": work,
    "__bbclasstype": "recipe",
}
data = bb.data.init()
for name, value in settings.items():
    data.setVar(name, value)
bb.parse.siggen = bb.siggen.init(data)
data = bb.parse.handle(recipe, data)[""]
assert data.getVarFlag(task, "task"), f"{task} is not a task"
print("after:", *data.getVarFlag(task, "deps"))
print("checksums:", data.getVarFlag(task, "file-checksums"))
os.makedirs(data.getVar("T"), exist_ok=True)  # noqa: PTH103 (bb changes the current folder)
bb.build.exec_func(task, data)
