"""``polyplive devices``."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.commands.messages import say, stdout
from polyplive.sources.capture.devices import CaptureDevice, list_devices
from polyplive.sources.capture.modes import best_mode
from polyplive.validation import check_fields

if TYPE_CHECKING:
    from polyplive.sources.capture.modes import CaptureMode


@dataclass(frozen=True, slots=True)
class DevicesRequest:
    """The request of ``polyplive devices``; ``as_json`` prints one JSON document."""

    as_json: bool = False

    def __post_init__(self) -> None:
        check_fields(self)


def run(request: DevicesRequest) -> int:
    """Print every device; 1 when there is none."""
    found = list_devices()
    if request.as_json:
        stdout.print_json(json.dumps([dataclasses.asdict(device) for device in found]))
    else:
        for device in found:
            _print(device)
    if not found:
        say("polyplive: No capture device is connected. Plug one in; streams and screens need no device.")
        return 1
    return 0


def _print(device: CaptureDevice) -> None:
    stdout.print(f"{device.name}  ({device.path}{', ' + device.bus if device.bus else ''})")
    stdout.print(f"  polyplive live {device.id}")
    if device.problem:
        stdout.print(f"  cannot be asked: {device.problem}")
    usual = best_mode(device.modes)
    for mode in device.modes:
        note = "  <- asked for unless you say otherwise" if mode is usual else ""
        stdout.print(f"    {_mode(mode)}{note}")


def _mode(mode: CaptureMode) -> str:
    rates = ", ".join(f"{rate:g}" for rate in mode.rates)
    return f"{mode.format}  {mode.width} x {mode.height}" + (f"  at {rates} frames a second" if rates else "")
