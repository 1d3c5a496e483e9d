"""The host's side of this design: encodes a network's input into AXI4-Stream words, and decodes what comes back.

Needs numpy alone. Arrays are those that onnxruntime takes and returns for model.onnx, batch first:

    words = encode(x)          # (frames, positions, lanes), a row of lanes a beat; words.tobytes() is tdata
    y = decode(words_back)     # what the network means, rounded once to float32 (or its integer codes)

    python host.py encode x.npy words.npy
    python host.py decode words.npy y.npy
"""

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

MANIFEST = Path(__file__).resolve().parent / "manifest.json"


def encode(x: np.ndarray, manifest: Path = MANIFEST) -> np.ndarray:
    """Words (frames, positions, lanes) of an input array (frames, *shape); ValueError if it is not one."""
    edge = json.loads(manifest.read_text())["input"]
    if list(x.shape[1:]) != edge["shape"]:
        raise ValueError(f"input has shape {x.shape}; the network takes (frames, {', '.join(map(str, edge['shape']))})")
    if np.isnan(x).any():
        raise ValueError("the input holds NaN, which has no code; replace those values")
    codes = x if edge["scale"] is None else _round(x, edge)
    if ((codes < edge["lo"]) | (codes > edge["hi"])).any():
        raise ValueError(f"the input holds codes outside {edge['lo']} … {edge['hi']}")
    flat = codes.reshape(len(x), -1)
    words = np.empty_like(flat)
    words[:, _order(edge)] = flat
    return words.reshape(len(x), edge["positions"], edge["lanes"]).astype(edge["container"])


def decode(words: np.ndarray, manifest: Path = MANIFEST) -> np.ndarray:
    """The network's output (frames, *shape) from words (frames, positions, lanes)."""
    edge = json.loads(manifest.read_text())["output"]
    if words.shape[1:] != (edge["positions"], edge["lanes"]):
        sent = f"(frames, {edge['positions']}, {edge['lanes']})"
        raise ValueError(f"words have shape {words.shape}; the network sends {sent}")
    codes = words.astype(np.int64)
    if edge["scale"] is None:
        real = codes.astype(edge["dtype"])
    else:
        real = np.empty(codes.shape, dtype=np.float32)
        for lane, (scale, offset) in enumerate(zip(edge["scale"], edge["offset"], strict=True)):
            distinct, place = np.unique(codes[:, :, lane], return_inverse=True)
            exact = [Fraction(scale) * int(code) + Fraction(offset) for code in distinct]
            rounded = np.array([_nearest_float32(number) for number in exact], dtype=np.float32)
            real[:, :, lane] = rounded[place].reshape(codes.shape[:2])
    return real.reshape(len(words), -1)[:, _order(edge)].reshape(len(words), *edge["shape"])


def _order(edge: dict[str, Any]) -> np.ndarray:
    """Where each element of the network's array stands in the stream."""
    if edge["order"] is not None:
        return np.array(edge["order"])
    if len(edge["shape"]) == 3:
        channels, rows, columns = edge["shape"]
        return np.arange(channels * rows * columns).reshape(rows, columns, channels).transpose(2, 0, 1).ravel()
    return np.arange(int(np.prod(edge["shape"])))


def _round(x: np.ndarray, edge: dict[str, Any]) -> np.ndarray:
    """Round half to even of the exact quotient x / scale, plus the zero point, saturated."""
    scale, zero = float(Fraction(edge["scale"])), edge["zero_point"]
    real = x.astype(np.float32).astype(np.float64)
    below = np.clip(np.floor(real / scale), edge["lo"] - zero - 1, edge["hi"] - zero + 1)
    # The quotient only proposes; (below + 1/2) · scale is exact in float64 and decides.
    middle = (below + 0.5) * scale
    up = (real > middle) | ((real == middle) & (below % 2 == 1))
    codes = np.clip(below + up + zero, edge["lo"], edge["hi"])
    return np.asarray(codes, dtype=np.int64)


def _nearest_float32(number: Fraction) -> np.float32:
    """The nearest float32, ties to even: 24 bits from the leading one on, none below 2^-149."""
    size = abs(number)
    if not size:
        return np.float32(0)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if size < Fraction(2) ** exponent:
        exponent -= 1
    last = max(exponent - 23, -149)
    return np.float32(np.ldexp(float(round(number / Fraction(2) ** last)), last))


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("encode", "decode"):
        sys.exit("usage: python host.py encode|decode IN.npy OUT.npy")
    try:
        np.save(sys.argv[3], (encode if sys.argv[1] == "encode" else decode)(np.asarray(np.load(sys.argv[2]))))
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
