"""``polyplive devices``."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from polyplive.commands.messages import say, stdout
from polyplive.sources.devices import CaptureDevice, list_devices
from polyplive.sources.modes import best_mode

if TYPE_CHECKING:
    from polyplive.sources.modes import CaptureMode


def devices(as_json: bool) -> int:
    """Print every device; 1 when there is none."""
    found = list_devices()
    if as_json:
        stdout.print_json(json.dumps([dataclasses.asdict(device) for device in found]))
    else:
        for device in found:
            _print(device)
    if not found:
        say("polyplive: No capture device is connected. Plug one in; streams and screens need no device.")
        return 1
    return 0


def _print(device: CaptureDevice) -> None:
    stdout.print(f"{device.name}  ({device.path}{', ' + device.bus if device.bus else ''})", markup=False)
    stdout.print(f"  polyplive live {device.id}", markup=False)
    if device.problem:
        stdout.print(f"  cannot be asked: {device.problem}", markup=False)
    usual = best_mode(device.modes)
    for mode in device.modes:
        note = "  <- asked for unless you say otherwise" if mode is usual else ""
        stdout.print(f"    {_mode(mode)}{note}", markup=False)


def _mode(mode: CaptureMode) -> str:
    rates = ", ".join(f"{rate:g}" for rate in mode.rates)
    return f"{mode.format}  {mode.width} x {mode.height}" + (f"  at {rates} frames a second" if rates else "")
