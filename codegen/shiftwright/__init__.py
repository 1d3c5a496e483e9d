"""Shiftwright: from quantized neural networks to multiplier-free FPGA datapaths, exact bit for bit."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shiftwright.flow import Model, load

__all__ = ["Model", "__version__", "load"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """The facade on first use: a part of the package does not pay for the whole one's imports."""
    if name in ("Model", "load"):
        from shiftwright import flow

        return getattr(flow, name)
    raise AttributeError(f"module 'shiftwright' has no attribute {name!r}")
