"""Runs the repository's Pulumi program, unmodified, the way Pulumi's language host does."""

import asyncio
import json
import os
import runpy
import sys
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from unittest import mock

import pulumi
import pulumi.runtime
import yaml
from pulumi.runtime import settings as runtime_settings

from tests.infra.support.engine import Cloud, EngineLog, Monitor
from tests.infra.support.graph import Graph

ROOT = Path(__file__).resolve().parents[3]
PROJECT = "sonic-switchboard"


def stack_config(stack: str) -> dict[str, str]:
    """A stack's file as the engine hands it on: every value as text, objects and lists as JSON."""
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}


def ours(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings of this project, and the one of AWS that each deployment needs."""
    return {"aws:region": "us-east-1", **{f"{PROJECT}:{name}": value for name, value in settings.items()}}


def deploy(cloud: Cloud, config: Mapping[str, str], *, stack: str = "dev", preview: bool = False) -> Graph:
    """What the program registers with this configuration. Raises what the program raises."""
    monitor = Monitor(cloud, PROJECT, stack, config, preview=preview)
    main = ROOT / str(yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["main"])
    runtime_settings.reset_options(
        project=PROJECT, stack=stack, parallel=16, engine_address=None, monitor_address=None, preview=preview,
        organization="organization",
    )  # fmt: skip
    runtime = pulumi.runtime.Settings(
        monitor=monitor, engine=None, project=PROJECT, stack=stack, parallel=16, dry_run=preview,
        organization="organization", root_directory=str(ROOT),
    )  # fmt: skip
    runtime.engine = EngineLog(monitor.graph)
    pulumi.runtime.configure(runtime)
    pulumi.runtime.set_all_config(dict(config), [])
    known = set(sys.modules)
    try:
        with chdir(main), mock.patch.dict(os.environ, {"PULUMI_CONFIG": json.dumps(dict(config))}):
            asyncio.run(pulumi.runtime.run_in_stack(_main))
    finally:
        # The program runs in a process of its own each time; here only its own modules are forgotten.
        for name in set(sys.modules) - known:
            if name == "infra" or name.startswith("infra."):
                del sys.modules[name]
    return monitor.graph


def _main() -> None:
    runpy.run_path(".", run_name="__main__")
