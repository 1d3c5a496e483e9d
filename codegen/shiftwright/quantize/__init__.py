"""Post-training quantization: float ONNX in, QCDQ ONNX out."""

from shiftwright.quantize.data import load_data
from shiftwright.quantize.flow import quantize
from shiftwright.quantize.load import input_names
from shiftwright.quantize.report import ActivationRow, LayerRow, Report
from shiftwright.quantize.settings import LayerRule, Override, Settings

__all__ = [
    "ActivationRow",
    "LayerRow",
    "LayerRule",
    "Override",
    "Report",
    "Settings",
    "input_names",
    "load_data",
    "quantize",
]
