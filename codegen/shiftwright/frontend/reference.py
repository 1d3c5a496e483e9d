"""Runs an ONNX file in onnxruntime, layer by layer on golden's own codes, and judges each difference.

The file is cut at every integer tensor: what a layer reads are golden's codes, what it writes is compared. So a float32
near-tie in one layer never travels to the next. With power-of-two scales float32 is exact and every word must agree."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from shiftwright.errors import ImportModelError
from shiftwright.frontend.convert import Network
from shiftwright.ops.add import Add
from shiftwright.ops.requantize import Requantize
from shiftwright.ops.thresholds import Thresholds

KINDS = {name.lower(): kind for name, kind in onnx.TensorProto.DataType.items()}
NARROW = (onnx.TensorProto.INT4, onnx.TensorProto.UINT4)
STEP_ERROR = 2.0**-22
"""Relative error of a few float32 roundings on the way to a QuantizeLinear; each summand may add 2^-24 more."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One layer's integers beside onnxruntime's: `tensor` is the ONNX name, `value` the integer graph's."""

    tensor: str
    value: str
    words: int
    different: int
    near_ties: int
    exact_expected: bool
    golden: NDArray[np.generic]
    onnxruntime: NDArray[np.generic]

    @property
    def explained(self) -> bool:
        """Whether every difference is one step at a float32 near-tie."""
        return self.different == self.near_ties and not (self.exact_expected and self.different)


def run_onnx(
    path: Path, feeds: Mapping[str, NDArray[np.generic]], outputs: list[str] | None = None
) -> list[NDArray[np.generic]]:
    """What onnxruntime returns with all its optimizations off."""
    return _run(str(path), feeds, outputs)


def compare(
    network: Network, feeds: Mapping[str, NDArray[np.generic]], integers: Mapping[str, NDArray[np.int64]]
) -> list[Comparison]:
    """Every code tensor and every output of the file, made by onnxruntime from golden's codes of the layers before."""
    model = onnx.load(network.path)
    fed, made = _cut(model, {name: KINDS[codes.dtype] for name, codes in network.codes.items()})
    ends = {name: network.dropped.get(name, name) for name in (edge.name for edge in network.outputs)}
    _show(model, list(ends.values()))
    golden = {
        name: codes.layout.from_stream(integers[codes.value.name]).astype(codes.dtype)
        for name, codes in network.codes.items()
    }
    given = {value.name for value in model.graph.input}
    words = {name: array for name, array in feeds.items() if name in given}
    for name, source in fed.items():
        narrow = KINDS[network.codes[name].dtype] in NARROW
        words[source] = golden[name].astype(np.float32) if narrow else golden[name]
    results = dict(zip([value.name for value in model.graph.output], _run(model, words, None), strict=True))
    found = [
        _codes_comparison(network, name, golden[name], results[made[name]], integers, feeds)
        for name in network.codes
        if name in made
    ]
    for edge in network.outputs:
        if edge.name not in network.codes:
            found.append(_output_comparison(network, edge.name, results[ends[edge.name]], integers))
    return found


def _cut(model: onnx.ModelProto, kinds: Mapping[str, int]) -> tuple[dict[str, str], dict[str, str]]:
    """Cuts a graph at the named tensors, in place: what reads one reads a new graph input, and each is an output.

    `kinds` are their element types. Returns the new inputs and the outputs, both by tensor name; four-bit integers,
    which numpy does not know, come in and go out as floats of the same value."""
    graph, helper = model.graph, onnx.helper
    outputs = {output for node in graph.node for output in node.output}
    read = set()
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name in kinds and node.op_type != "Clip" and (name in outputs or kinds[name] in NARROW):
                node.input[place] = f"{name}__golden"
                read.add(name)
    fed, made = {name: f"{name}__golden" for name in read}, {name: name for name in kinds if name in outputs}
    for name, kind in kinds.items():
        if kind in NARROW:
            step, zero, source, end = (f"{name}__{what}" for what in ("one", "zero", "fed", "made"))
            graph.initializer.append(helper.make_tensor(step, onnx.TensorProto.FLOAT, [], [1.0]))
            graph.initializer.append(helper.make_tensor(zero, kind, [], [0]))
            if name in fed:
                graph.node.insert(0, helper.make_node("QuantizeLinear", [source, step, zero], [fed[name]]))
                fed[name] = source
            if name in made:
                graph.node.append(helper.make_node("DequantizeLinear", [name, step, zero], [end]))
                made[name] = end
    for name in fed:
        kind = onnx.TensorProto.FLOAT if kinds[name] in NARROW else kinds[name]
        graph.input.append(helper.make_tensor_value_info(fed[name], kind, None))
    for value in [value for value in graph.input if value.name in kinds and kinds[value.name] in NARROW]:
        graph.input.remove(value)
    for value in [value for value in graph.output if value.name in kinds and kinds[value.name] in NARROW]:
        graph.output.remove(value)
    shown = {value.name for value in graph.output}
    for name, end in made.items():
        if end not in shown:
            kind = onnx.TensorProto.FLOAT if kinds[name] in NARROW else kinds[name]
            graph.output.append(helper.make_tensor_value_info(end, kind, None))
    return fed, made


def _show(model: onnx.ModelProto, names: list[str]) -> None:
    """Makes real tensors outputs too, where they are none yet."""
    shown = {value.name for value in model.graph.output}
    for name in names:
        if name not in shown:
            model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))


def _run(
    model: str | onnx.ModelProto, feeds: Mapping[str, NDArray[np.generic]], outputs: list[str] | None
) -> list[NDArray[np.generic]]:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    try:
        content = model if isinstance(model, str) else model.SerializeToString()
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        parts = [session.run(outputs, part) for part in _batches(session, feeds)]
    except Exception as error:  # onnxruntime raises classes of its own that share no base but Exception
        name = model if isinstance(model, str) else "the model, cut into layers,"
        raise ImportModelError(f"onnxruntime cannot run {name}: {str(error).strip().splitlines()[0]}") from error
    frames = len(next(iter(feeds.values())))
    return [np.concatenate(column)[:frames] for column in zip(*parts, strict=True)]


def _batches(
    session: onnxruntime.InferenceSession, feeds: Mapping[str, NDArray[np.generic]]
) -> Iterator[dict[str, NDArray[np.generic]]]:
    """All frames at once, or as many at a time as the file's batch is fixed to, the last ones filled up."""
    fixed = [value.shape[0] for value in session.get_inputs() if value.shape and isinstance(value.shape[0], int)]
    frames = len(next(iter(feeds.values())))
    size = fixed[0] if fixed else max(frames, 1)
    for start in range(0, max(frames, 1), size):
        part = {name: array[start : start + size] for name, array in feeds.items()}
        missing = size - len(part[next(iter(part))]) if fixed else 0
        yield {name: np.concatenate([array, *[array[:1]] * missing]) for name, array in part.items()}


def _codes_comparison(
    network: Network,
    name: str,
    golden: NDArray[np.generic],
    found: NDArray[np.generic],
    integers: Mapping[str, NDArray[np.int64]],
    feeds: Mapping[str, NDArray[np.generic]],
) -> Comparison:
    codes = network.codes[name]
    difference = codes.layout.to_stream(np.asarray(found).astype(np.int64) - golden.astype(np.int64), codes.value.shape)
    producer = next((node for node in network.graph.nodes if node.output is codes.value), None)
    edge = next((edge for edge in network.inputs if edge.value is codes.value), None)
    near, exact = np.zeros(difference.shape, dtype=np.bool_), True
    if producer is not None and isinstance(producer.operator, Requantize):
        source = integers[producer.inputs[0].name]
        near = _near_tie(producer.operator, source, network, producer.inputs[0].name)
        exact = _float32_is_exact(producer.operator.scale, producer.operator.bias, source)
    elif producer is not None and isinstance(producer.operator, Thresholds):
        source = integers[producer.inputs[0].name]
        near = _near_threshold(producer.operator, source, network, producer.inputs[0].name)
        exact = _float32_is_exact(producer.operator.scale, _biases(producer.operator), source)
    elif edge is not None and edge.scale is not None:
        # Infinite inputs saturate on both sides, far from any tie.
        quotient = np.nan_to_num(feeds[edge.name].astype(np.float64)) / float(edge.scale)
        near = np.abs(quotient - np.floor(quotient) - 0.5) <= np.abs(quotient) * STEP_ERROR
        near = edge.layout.to_stream(near.astype(np.int64), edge.value.shape).astype(np.bool_)
        exact = _power_of_two(edge.scale)
    different = int((difference != 0).sum())
    explained = int((near & (np.abs(difference) == 1)).sum())
    return Comparison(name, codes.value.name, golden.size, different, explained, exact, golden, found)


def _float32_is_exact(scales: Iterable[Fraction], biases: Iterable[Fraction], source: NDArray[np.int64]) -> bool:
    """Whether float32 rounds nothing before this layer's codes are made: power-of-two scales, short numbers."""
    dyadic = all(_power_of_two(scale) for scale in scales)
    on_grid = all(_power_of_two(Fraction(1, bias.denominator)) for bias in biases)
    return dyadic and on_grid and bool(np.abs(source).max(initial=0) < 1 << 22)


def _near_tie(operator: Requantize, source: NDArray[np.int64], network: Network, name: str) -> NDArray[np.bool_]:
    """Words whose exact value is within float32's error of a rounding boundary."""
    scale = np.array([float(number) for number in operator.scale])
    bias = np.array([float(number) for number in operator.bias])
    exact = scale * (source + bias)
    distance = np.abs(exact - np.floor(exact) - 0.5)
    return np.asarray(distance <= float_error(network, name, scale, bias))


def _biases(operator: Thresholds) -> list[Fraction]:
    """Offsets in steps of the accumulator."""
    return [offset / scale for offset, scale in zip(operator.offset, operator.scale, strict=True)]


def _near_threshold(operator: Thresholds, source: NDArray[np.int64], network: Network, name: str) -> NDArray[np.bool_]:
    """Words whose exact value is within float32's error of a threshold."""
    scale = np.array([float(number) for number in operator.scale])
    bias = np.array([float(number) for number in _biases(operator)])
    exact = scale * (source + bias)
    distance = np.min([np.abs(exact - float(threshold)) for threshold in operator.thresholds], axis=0)
    return np.asarray(distance <= float_error(network, name, scale, bias))


def float_error(
    network: Network, name: str, scale: NDArray[np.float64], bias: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A bound of float32's error, in output steps per channel, for the number that integer value `name` stands for.

    A sum of n products rounds n times; each rounding errs by at most 2^-24 of the largest partial sum, which the
    interval bounds for the magnitudes of all summands."""
    node = next((node for node in network.graph.nodes if node.output.name == name), None)
    weights = getattr(node.operator, "weights", None) if node is not None else None
    interval = (
        node.output.interval if node is not None else next(v.interval for v in network.graph.inputs if v.name == name)
    )
    reach = np.maximum(np.abs(interval.lo), np.abs(interval.hi)).astype(np.float64) + np.abs(bias)
    terms = 4
    if weights is not None and node is not None:
        flat = np.abs(weights.reshape(len(weights), -1)).sum(axis=1).astype(np.float64)
        source = node.inputs[0].interval
        largest = float(max(abs(int(source.lo.min())), abs(int(source.hi.max()))))
        zero = float(max((abs(pad) for pad in getattr(node.operator, "pad", ())), default=0))
        reach = np.maximum(reach, flat * (largest + zero)) + np.abs(bias)
        terms += weights[0].size
    elif node is not None and isinstance(node.operator, Add):
        terms += 2
    return np.asarray(reach * scale * (STEP_ERROR + terms * 2.0**-24))


def _output_comparison(
    network: Network, name: str, found: NDArray[np.generic], integers: Mapping[str, NDArray[np.int64]]
) -> Comparison:
    (edge,) = [edge for edge in network.outputs if edge.name == name]
    golden = edge.decode(integers[edge.value.name])
    different = np.asarray(golden != found)
    assert edge.scale is not None
    scale = np.array([float(number) for number in edge.scale])
    offset = np.array([float(number) for number in edge.offset])
    error = float_error(network, edge.value.name, scale, offset / scale)
    shaped = edge.layout.from_stream(np.broadcast_to(error, edge.value.shape)[np.newaxis])  # type: ignore[arg-type]
    near = different & (np.abs(golden.astype(np.float64) - np.asarray(found, dtype=np.float64)) <= shaped)
    exact = all(_power_of_two(number) for number in edge.scale)
    exact = exact and bool(np.abs(integers[edge.value.name]).max(initial=0) < 1 << 23) and not offset.any()
    return Comparison(name, edge.value.name, golden.size, int(different.sum()), int(near.sum()), exact, golden, found)


def _power_of_two(number: Fraction) -> bool:
    return all(part & (part - 1) == 0 for part in (number.numerator, number.denominator))


def portable_bytes(path: Path) -> bytes:
    """The file in one piece: data that stood in other files is taken in, and nothing else changes."""
    content: bytes = onnx.load(path).SerializeToString(deterministic=True)
    return content
