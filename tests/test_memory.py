"""memory.py: what a run takes is estimated before it starts, and said when it will not fit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nstlib as nst
from nstlib import backend, memory
from nstlib.networks import FeatureNetwork, load_network

LAYERS = ["block4_conv2", "block5_conv1"]
GB = 10**9


def machine(monkeypatch: pytest.MonkeyPatch, free: float | None, total: float | None) -> None:
    """A machine with so much memory in bytes, and no GPU."""
    monkeypatch.setattr(memory.hardware, "free_memory", lambda: free)
    monkeypatch.setattr(memory.hardware, "memory", lambda swap: total)
    monkeypatch.setattr(backend, "devices", list)


# --- the estimate -------------------------------------------------------------------------------------

PEAK = """
import numpy as np
import sys
import nstlib as nst
from nstlib import memory

def peak(name):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024

net, side = nst.load_network(), int(sys.argv[1])
image = np.random.default_rng(0).random((1, side, side, 3), dtype="float32")
before = peak("VmRSS")
run = {"size": side, "sizes": "single", "iterations": 2, "optimizer": "adam", "progress": False}
nst.transfer_style(image, image[:, :64, :64], network=net, style_size=64, **run)
layers = [*net.plan.content_layers, *net.plan.style_layers]
print(memory.estimate(net, layers, (side, side), "adam"), peak("VmHWM") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux' table of memory")
def test_the_estimate_is_near_what_a_run_really_takes() -> None:
    """The backends differ, and so do their versions: a factor of two is what the limits allow for."""
    answer = subprocess.run(
        [sys.executable, "-c", PEAK, "640"],
        env=dict(os.environ, PYTHONPATH=str(Path(nst.__file__).parent.parent), CUDA_VISIBLE_DEVICES="-1"),
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    estimated, measured = map(float, answer.stdout.split())
    assert 0.5 < estimated / measured < 2, f"{estimated / 2**20:.0f} for {measured / 2**20:.0f} MiB"


def test_the_outputs_are_counted_layer_by_layer(pocket: FeatureNetwork) -> None:
    pixels, widths = 64 * 96, {"image": 3, "preprocess": 3, "block1_conv1": 16, "block1_conv2": 16}
    wanted = 4 * pixels * sum(widths.values())
    assert memory.output_bytes(pocket, ["block1_conv2"], (64, 96)) == wanted
    assert memory.output_bytes(pocket, ["block1_pool", "conv1_1"], (64, 96)) == wanted + 4 * pixels // 4 * 16
    assert memory.output_bytes(pocket.behind(lambda x: x / 2), ["block1_conv2"], (64, 96)) == wanted


def test_half_the_bytes_are_half_the_memory_and_a_history_takes_its_images(pocket: FeatureNetwork) -> None:
    half = load_network("pocket_vgg", dtype="bfloat16")
    both = [memory.output_bytes(net, LAYERS, (256, 256)) for net in (pocket, half)]
    assert both[1] < 0.55 * both[0]
    lbfgs, adam = (memory.estimate(pocket, LAYERS, (256, 256), name) for name in ("lbfgs", "adam"))
    assert lbfgs - adam == (2 * 10 - 2) * 4 * 3 * 256 * 256


@pytest.mark.parametrize("name", ["resnet50", "inception_v3"])
def test_networks_of_other_plans_are_counted_too(name: str) -> None:
    net = load_network(name, weights="random")
    at = [memory.output_bytes(net, net.plan.content_layers, (side, side)) for side in (128, 256)]
    assert 3 < at[1] / at[0] < 5


# --- what is said of it -------------------------------------------------------------------------------


def test_what_fits_is_said_to_nobody(pocket: FeatureNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, 64 * GB, 64 * GB)
    memory.check(pocket, LAYERS, (512, 512), "lbfgs")
    machine(monkeypatch, 10**6, 10**6)
    memory.check(pocket, LAYERS, (256, 256), "lbfgs")  # every machine has enough for that
    machine(monkeypatch, None, None)
    memory.check(pocket, LAYERS, (5000, 5000), "lbfgs")
    machine(monkeypatch, 10**6, 10**6)
    monkeypatch.setattr(backend, "devices", lambda: ["a GPU, whose memory nobody knows"])
    memory.check(pocket, LAYERS, (5000, 5000), "lbfgs")


def test_too_much_is_a_warning_that_names_a_size_which_fits(
    pocket: FeatureNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, GB, 16 * GB)
    with pytest.warns(RuntimeWarning, match=r"At 2048 pixels pocket_vgg takes about \d") as told:
        memory.check(pocket, LAYERS, (2048, 1024), "lbfgs")
    sentence = str(told[0].message)
    assert "1.0 GB are free" in sentence and "\n" not in sentence
    fits = int(sentence.partition("size=")[2].split()[0])
    assert 256 < fits < 2048 and fits % 8 == 0
    monkeypatch.setattr(memory, "SMALL", 0)
    memory.check(pocket, LAYERS, (fits, fits // 2), "lbfgs")
    assert memory.estimate(pocket, LAYERS, (fits, fits // 2), "lbfgs") > 0.7 * GB


def test_far_too_much_is_refused_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, GB // 20, GB // 20)
    seen: list[object] = []
    with pytest.raises(MemoryError, match=r"this machine has 0.1 GB: choose size=\d+ or less\."):
        nst.transfer_style("cat", "swirls", size=512, callback=seen.append, progress=False)
    assert not seen
