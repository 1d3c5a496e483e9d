"""Trains the digits networks that quantizers are measured on, plainly, and writes one ONNX file a network and seed.

Nothing here prepares a network for being rounded: no warped images, no noise, no weight decay, no label smoothing, no
schedule. `models.training` has all of these, for the networks that users meet first.

Run from the repository's root: python -m models.digits_seeds.train"""

import statistics
from collections import OrderedDict
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from models import float_onnx, seeds
from models.digits import CLASSES, Images, split
from models.digits_cnn import train as digits_cnn
from models.training import accuracy


@dataclass(frozen=True, slots=True)
class Recipe:
    """One for all networks; what is not here is torch's default."""

    epochs: int = 100
    learning_rate: float = 3e-3
    batch: int = 64


def network(name: str) -> nn.Sequential:
    """An untrained network, its weights drawn from torch's generator."""
    return mlp(seeds.MLPS[name]) if name in seeds.MLPS else digits_cnn.network()


def mlp(widths: tuple[int, ...]) -> nn.Sequential:
    """Dense layers with ReLU between them; the last one's sums are the logits."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (inputs, outputs) in enumerate(pairwise(widths), start=1):
        layers[f"dense{number}"] = nn.Linear(inputs, outputs)
        layers[f"relu{number}"] = nn.ReLU()
    layers.popitem()
    return nn.Sequential(layers)


def train(name: str, seed: int, images: Images, recipe: Recipe) -> nn.Sequential:
    """A network trained with Adam on the images as they are, ready to evaluate."""
    torch.set_num_threads(1)  # sums in one order: the same weights from every run on one machine
    torch.manual_seed(seed)
    trained = network(name)
    pixels = torch.from_numpy(images.x).reshape(-1, *seeds.shape(name))
    labels = torch.from_numpy(images.labels)
    optimizer = torch.optim.Adam(trained.parameters(), lr=recipe.learning_rate)
    trained.train()
    for _ in range(recipe.epochs):
        for chosen in torch.randperm(len(pixels)).split(recipe.batch):
            optimizer.zero_grad()
            functional.cross_entropy(trained(pixels[chosen]), labels[chosen]).backward()
            optimizer.step()
    trained.eval()
    return trained


def main() -> None:
    """Trains and exports every network from every seed, and prints the README's table of accuracies."""
    images, held_back = split()
    for name in seeds.networks():
        shape = seeds.shape(name)
        found = []
        for seed in seeds.seeds(name):
            trained = train(name, seed, images, Recipe())
            float_onnx.write(trained, shape, CLASSES, seeds.path(name, seed))
            found.append(accuracy(trained, held_back, shape))
        each = ", ".join(f"{one:.1f}" for one in found)
        print(f"| {name} | {statistics.mean(found):.1f} ± {statistics.stdev(found):.1f} | {each} |", flush=True)


if __name__ == "__main__":
    main()
