"""Runs a graph in onnxruntime over calibration data, batch by batch.

One thread and no graph optimizations: the same data gives the same bits, and nothing is fused that we want to see."""

from collections.abc import Iterator

import numpy as np
import onnx_ir
import onnxruntime
from onnx_ir.passes.common import RemoveUnusedNodesPass
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    NotImplemented,  # noqa: A004  onnxruntime's name for an operator that it lacks
    RuntimeException,
)

from shiftwright.errors import QuantizeError
from shiftwright.quantize.data import Arrays

BATCH = 256
_FAILURES = (Fail, InvalidArgument, InvalidGraph, NotImplemented, RuntimeException)


class Session:
    """A model ready to run, of which any value can be an output."""

    def __init__(self, model: onnx_ir.Model) -> None:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads = 1
        options.log_severity_level = 4  # its errors are raised, too
        data = onnx_ir.to_proto(model).SerializeToString()
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except _FAILURES as error:
            raise _failure(error) from None
        sizes = [value.shape[0] for value in self._session.get_inputs() if value.name not in model.graph.initializers]
        self.batch = next((size for size in sizes if isinstance(size, int)), None)  # None: as many samples as one likes

    def batches(self, data: Arrays, outputs: list[str], fixed: Arrays | None = None) -> Iterator[Arrays]:
        """The named values batch by batch, inputs or outputs; `fixed` arrays go in whole with each.

        Data becomes float32 as its turn comes. A model with a fixed batch leaves out the samples that do not fill one;
        where there are too few for one, they come again from the first on."""
        count = len(next(iter(data.values())))
        size = self.batch or BATCH
        stop = count if self.batch is None else max(count - count % size, 1)
        for start in range(0, stop, size):
            batch = {name: array[start : start + size] for name, array in data.items()}
            if self.batch is not None and count < size:
                batch = {name: np.resize(array, (size, *array.shape[1:])) for name, array in data.items()}
            batch = {name: array.astype(np.float32, copy=False) for name, array in batch.items()}
            computed = [name for name in outputs if name not in batch]
            try:
                results = self._session.run(computed, {**batch, **(fixed or {})}) if computed else []
            except _FAILURES as error:
                raise _failure(error) from None
            yield batch | dict(zip(computed, results, strict=True))


def _failure(error: Exception) -> QuantizeError:
    reason = " ".join(str(error).split())
    return QuantizeError(f"onnxruntime cannot run the model ({reason}); mend the model so that it runs there")


def observable(model: onnx_ir.Model, names: list[str]) -> onnx_ir.Model:
    """A copy of the model that offers the named values as outputs too; its inputs are at hand already."""
    copy = model.clone()
    values = {value.name: value for node in copy.graph for value in node.outputs}
    present = {value.name for value in [*copy.graph.inputs, *copy.graph.outputs]}
    for name in names:
        if name not in present:
            value = values[name]
            value.type = value.type or onnx_ir.TensorType(onnx_ir.DataType.FLOAT)
            copy.graph.outputs.append(value)
    return copy


def up_to(model: onnx_ir.Model, name: str) -> onnx_ir.Model:
    """A copy of the model that makes the named value alone, and has the nodes that takes; its inputs are the same."""
    copy = observable(model, [name])
    copy.graph.outputs[:] = [next(value for value in copy.graph.outputs if value.name == name)]
    RemoveUnusedNodesPass()(copy)
    return copy
