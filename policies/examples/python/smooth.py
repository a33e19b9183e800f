"""Steers the smoothed utilization towards the campaign's target: the policy of docs/writing-a-policy.md, in Python.

componentize-py makes the module `wit_world` from the contract (wit/0.1/policy.wit): a record is a dataclass, a variant
one class for each case, an absent value None. Nothing that stands at the top of this file lives from one call to the
next; only `state` does.
"""

import struct

from componentize_py_types import Err
from wit_world.exports import Controller as Contract
from wit_world.imports import log
from wit_world.imports.types import (
    AbandonmentOf,
    Decision,
    Descriptor,
    Input,
    NumberBounds,
    Param,
    ParamKind_Number,
    Signal,
    Value_Number,
    Window,
)

PARAMS = [
    Param(
        name="gain",
        kind=ParamKind_Number(NumberBounds(min=0.0, max=5.0)),
        default=Value_Number(0.5),
        unit="ratio",
        help="Change of the ratio per decision when all agents wait",
    ),
    Param(
        name="weight",
        kind=ParamKind_Number(NumberBounds(min=0.01, max=1.0)),
        default=Value_Number(0.3),
        unit="",
        help="Weight of the newest reading against those before it",
    ),
]

# What the ratio is multiplied by while abandonment is over the campaign's limit.
STEP_BACK = 0.8

# The smoothed utilization, little-endian.
STATE = struct.Struct("<d")


class Controller(Contract):
    def describe(self) -> Descriptor:
        return Descriptor(
            name="smooth-py",
            version="0.1.0",
            summary="Steers the smoothed utilization towards the target",
            state_version=1,
            params=PARAMS,
        )

    def decide(self, input: Input) -> Decision:
        # The host has checked them against PARAMS.
        params = {setting.name: setting.value.value for setting in input.params}
        reading = input.reading
        signed_in = reading.agents_available + reading.agents_busy
        if not reading.fresh or signed_in <= 0:
            return Decision(None, "nothing new, or nobody signed in", [], input.state)
        utilization = reading.agents_busy / signed_in
        before = decode_state(input.state)
        if before is None:
            before = utilization
        smoothed = before + params["weight"] * (utilization - before)
        state = STATE.pack(smoothed)

        campaign = input.campaign
        rate = abandonment(input.windows.last_5m, campaign.abandonment_of)
        if rate is not None and rate > campaign.max_abandonment:
            log.write(log.Level.INFO, f"{rate:.1%} abandoned")
            return Decision(input.dial_ratio * STEP_BACK, "abandonment over the limit", [], state)
        error = campaign.target_utilization - smoothed
        return Decision(
            dial_ratio=input.dial_ratio + params["gain"] * error,
            reason="towards the target",
            signals=[Signal("utilization_smoothed", smoothed), Signal("error", error)],
            state=state,
        )

    def migrate(self, from_version: int, state: bytes) -> bytes:
        # Err is the error of the contract's `result`; the host then starts with empty state.
        raise Err(f"state version {from_version} is unknown")


def abandonment(window: Window, of: AbandonmentOf) -> float | None:
    """The abandonment rate of a window, 0 to 1; None over no calls."""
    calls = window.offered if of == AbandonmentOf.OFFERED else window.answered + window.abandoned
    return window.abandoned / calls if calls > 0 else None


def decode_state(state: bytes) -> float | None:
    """The smoothed utilization of the decision before; None where there was none."""
    if not state:
        return None
    if len(state) != STATE.size:
        raise Err(f"state has {len(state)} bytes, not {STATE.size}")
    return STATE.unpack(state)[0]
