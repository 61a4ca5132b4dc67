"""Machines on which no sandbox can be, for tests of what is said there."""

from __future__ import annotations

import os
import platform
import shutil
import sys

import pytest


def without_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(shutil, "which", lambda name: None)


def on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(platform, "system", lambda: "Windows")
    monkeypatch.setattr(platform, "machine", lambda: "AMD64")
    monkeypatch.delattr(os, "getuid")  # as there


def on_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")


def on_another_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")


LACKING = [
    (without_bubblewrap, "The program bwrap was not found."),
    (on_windows, "Sandboxes need Linux, and this is Windows."),
    (on_macos, "Sandboxes need Linux, and this is macOS."),
    (on_another_processor, "There is no filter of system calls for riscv64 yet."),
]
