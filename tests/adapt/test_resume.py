"""A run that is killed goes on where it stood, and leaves no folder that loads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from fewrec.adapt import finetune
from fewrec.adapt.checkpoint import Checkpoint
from fewrec.encode import resolve
from fewrec.errors import EncoderError, FewrecError


class Killed(Exception):
    pass


@pytest.mark.parametrize("after", [2, 6])
def test_an_interrupted_run_ends_as_an_unbroken_one(shop, noisy, tmp_path, after):
    whole = finetune(shop(), noisy, cache=None, progress=False)
    lines = []

    def say(line):
        lines.append(line)
        if len(lines) == after:
            raise Killed

    folder = tmp_path / ".encoder.tuning"
    with pytest.raises(Killed):
        finetune(shop(), noisy, cache=None, progress=False, checkpoint=folder, say=say)
    trained = []
    keep = Checkpoint.keep

    def counted(self, what, *rest):
        trained.append(what)
        keep(self, what, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "keep", counted)
        again = finetune(shop(), noisy, cache=None, progress=False, checkpoint=folder)
    assert again.encoder.id == whole.encoder.id
    assert [epoch.to_dict() for epoch in again.epochs] == [epoch.to_dict() for epoch in whole.epochs]
    # The line of an epoch comes before its state is kept, and the first line is that of the frozen encoder.
    assert trained.count("search") == len(whole.epochs) - max(after - 2, 0)
    again.save(tmp_path / "encoder")
    assert not folder.exists()


def test_other_settings_start_anew(shop, noisy, tmp_path):
    def tuned(loss, folder):
        return finetune(shop(), noisy, epochs=2, loss=loss, cache=None, progress=False, checkpoint=folder)

    tuned("ridge", tmp_path / "kept")
    assert tuned("mse", tmp_path / "kept").epochs == tuned("mse", None).epochs


def test_a_checkpoint_is_no_encoder(shop, noisy, tmp_path):
    finetune(shop(), noisy, epochs=2, cache=None, progress=False, checkpoint=tmp_path / "kept")
    with pytest.raises(EncoderError, match="holds 'TuningCheckpoint', not an encoder"):
        resolve(tmp_path / "kept" / "search")


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_command_leaves_nothing_that_loads(tmp_path):
    from fewrec.samples import path

    sample = path("restaurants")
    command = [
        sys.executable, "-m", "fewrec.cli", "adapt", "finetune", "--items", str(sample / "items.csv"),
        "--interactions", str(sample / "ratings.csv"), "--encoder", "hashed", "--patience", "1000",
        "--epochs", "1000", "--out", str(tmp_path / "encoder"),
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=dict(os.environ)) as process:
        deadline = time.monotonic() + 60
        while not (tmp_path / ".encoder.tuning" / "search").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert (tmp_path / ".encoder.tuning" / "search").exists()
    with pytest.raises(FewrecError, match="no such file or folder"):
        resolve(str(tmp_path / "encoder"))
