"""Trains a small classifier so that its weights survive being rounded afterwards.

Nothing here knows a number system. Two ordinary means make a network robust: Gaussian noise on the weights at every
step, so that it settles where small errors of the weights change little, and strong decoupled weight decay. The
networks' README files say what each of them brings."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.digits import Images


@dataclass(frozen=True, slots=True)
class Recipe:
    """What differs between two training runs; the learning rate is the one the cycle peaks at."""

    epochs: int
    learning_rate: float
    weight_decay: float
    weight_noise: float  # standard deviation, in standard deviations of the output channel's weights
    batch: int = 64
    label_smoothing: float = 0.05
    seed: int = 0


def train(network: nn.Sequential, images: Images, shape: tuple[int, ...], recipe: Recipe) -> nn.Sequential:
    """Trains in place on freshly warped images of `shape` each epoch; returns the network ready to evaluate."""
    torch.set_num_threads(1)  # sums in one order: the same weights from every run on one machine
    torch.manual_seed(recipe.seed)
    pixels, labels = torch.from_numpy(images.x), torch.from_numpy(images.labels)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=recipe.weight_decay)
    batches = -(-len(pixels) // recipe.batch)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, epochs=recipe.epochs, steps_per_epoch=batches
    )
    network.train()
    for _ in range(recipe.epochs):
        warped = warp(pixels).reshape(-1, *shape)
        for chosen in torch.randperm(len(pixels)).split(recipe.batch):
            optimizer.zero_grad()
            with noisy_weights(network, recipe.weight_noise):
                logits = network(warped[chosen])
                functional.cross_entropy(logits, labels[chosen], label_smoothing=recipe.label_smoothing).backward()
            optimizer.step()
            cycle.step()
    network.eval()
    return network


def warp(pixels: Tensor) -> Tensor:
    """Each image of (n, 64) turned up to 10 degrees, resized up to 10 % and moved up to 0.6 pixels."""
    count = len(pixels)
    angle, size = 0.35 * (torch.rand(count) - 0.5), 1 + 0.2 * (torch.rand(count) - 0.5)
    move = 0.3 * (torch.rand(count, 2, 1) - 0.5)  # of half the image's width
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], dim=1).reshape(count, 2, 2)
    affine = torch.cat([size[:, None, None] * turn, move], dim=2)
    grid = functional.affine_grid(affine, [count, 1, 8, 8], align_corners=False)
    return functional.grid_sample(pixels.reshape(count, 1, 8, 8), grid, align_corners=False).reshape(count, 64)


@contextmanager
def noisy_weights(network: nn.Module, amount: float) -> Iterator[None]:
    """Adds noise to every weight matrix inside the block, and takes exactly that noise away after it."""
    weights = [module.weight for module in network.modules() if isinstance(module, nn.Linear | nn.Conv2d)]
    clean = [weight.detach().clone() for weight in weights]
    with torch.no_grad():
        for weight in weights:
            spread = weight.flatten(1).std(dim=1).reshape(-1, *[1] * (weight.ndim - 1))
            weight += amount * spread * torch.randn_like(weight)
    yield
    with torch.no_grad():
        for weight, before in zip(weights, clean, strict=True):
            weight.copy_(before)


def accuracy(network: nn.Module, images: Images, shape: tuple[int, ...]) -> float:
    """Percentage of images whose largest output is their digit."""
    with torch.no_grad():
        guesses = network(torch.from_numpy(images.x).reshape(-1, *shape)).argmax(dim=1).numpy()
    return float((guesses == images.labels).mean() * 100)
