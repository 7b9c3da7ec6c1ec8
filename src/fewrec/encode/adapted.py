"""``adapted:FOLDER``, or the folder alone: an encoder that ``fewrec adapt`` has tuned, served with NumPy alone.

    vector(text) = x + (x - mean) A B,        x = base(text)

``base`` is the encoder that was tuned; ``mean`` (D,), ``A`` (D, R) and ``B`` (R, D) lie in the folder. The correction
is a function of the base's vector, so a text never seen in tuning gets one, too. The catalogue's mean stays where
it was: what is taken out of all vectors later (see ``fewrec.signals.centred``) is the same before and after. A folder
whose verdict is "kept frozen" holds no correction and gives the base's own vectors under the base's own id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fewrec.encode.encoder import Encoder, load_now, resolve
from fewrec.encode.onnxfolder import CLASS as ONNX
from fewrec.encode.onnxfolder import OnnxEncoder
from fewrec.errors import ConfigError, EncoderError
from fewrec.persist import read_folder, read_manifest

CLASS = "AdaptedEncoder"
_PARTS = ("mean", "left", "right")


class AdaptedEncoder:
    """A base encoder and a correction: (N, D) float32, blank texts give zero rows.

    ``correction``: ``mean`` (D,), ``left`` (D, R), ``right`` (R, D), float32; or nothing. ``base_id``: the id that the
    base had when it was tuned. ``id`` holds a hash of the correction.

    Raises `EncoderError` from `encode` when the base is another one by now: a correction fits one encoder alone.
    """

    def __init__(
        self, base: Encoder, base_id: str, correction: Mapping[str, np.ndarray] | None = None
    ) -> None:
        self.base, self.base_id = base, base_id
        self._parts = None if correction is None else _checked(correction)
        self.id = base_id
        if self._parts is not None:
            total = hashlib.sha256()
            for part in self._parts:
                total.update(np.ascontiguousarray(part, dtype="<f4").tobytes())
            self.id = f"adapted:{base_id}+{total.hexdigest()[:12]}"

    @property
    def dimension(self) -> int | None:
        return self.base.dimension

    @property
    def batch_size(self) -> int:
        return self.base.batch_size

    @property
    def cacheable(self) -> bool:
        return bool(getattr(self.base, "cacheable", True))

    def load(self) -> None:
        """Loads the base encoder now, where it can be loaded."""
        load_now(self.base)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) float32; each row depends on its own text alone."""
        vectors = self.base.encode(texts)
        if self.base.id != self.base_id:
            raise EncoderError(
                f"the encoder was tuned on {self.base_id}, but {self.base.id} is here.",
                where=self.id,
                value=self.base.id,
                hint="Install what the tuned encoder rests on, or tune anew: fewrec adapt finetune.",
            )
        return vectors if self._parts is None else correct(vectors, *self._parts)


def correct(vectors: np.ndarray, mean: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(N, D) float32 ``x + (x - mean) A B``; zero rows stay zero. Row by row, so that no row depends on its batch."""
    out = np.array(vectors, dtype=np.float32)
    for row in np.flatnonzero(out.any(axis=1)):
        out[row] += ((out[row] - mean) @ left) @ right
    return out


def _checked(correction: Mapping[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    lacking = [name for name in _PARTS if name not in correction]
    if lacking:
        raise EncoderError(f"the correction lacks {', '.join(lacking)}.", where="adapted", value=lacking)
    mean, left, right = (np.asarray(correction[name], dtype=np.float32) for name in _PARTS)
    fits = mean.ndim == 1 and left.ndim == right.ndim == 2
    if not fits or left.shape != (len(mean), len(right)) or right.shape[1] != len(mean):
        shapes = [mean.shape, left.shape, right.shape]
        raise EncoderError(
            f"the parts of the correction do not fit: {shapes}.", where="adapted", value=shapes
        )
    return mean, left, right


def holds_adapted(folder: Path) -> bool:
    """Whether ``folder`` has a manifest, as all that ``fewrec`` saves; models of other libraries have none."""
    return (folder / "manifest.json").is_file()


def adapted_encoder(argument: str | None) -> Encoder:
    """``adapted:FOLDER``. Raises `EncoderError` for a folder that holds something else, `StoreError` for damage."""
    if argument is None:
        raise ConfigError("adapted needs a folder.", value="adapted", hint="Write adapted:FOLDER.")
    folder = Path(argument).expanduser()
    kind = read_manifest(folder).get("class")
    if kind not in (CLASS, ONNX):
        raise EncoderError(
            f"this folder holds {kind!r}, not an encoder.",
            where=str(folder),
            hint="Give the folder that fewrec adapt finetune --out has written.",
        )
    about, arrays, _ = read_folder(folder)
    if kind == ONNX:
        return OnnxEncoder.of(about, arrays)
    return AdaptedEncoder(resolve(about["base"]), about["base_id"], arrays or None)
