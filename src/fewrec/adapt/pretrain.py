"""``pretrain``: a language model reads the catalogue's own corpus before anything is tuned. Needs the extra ``train``.

Masked-language-model training (Devlin et al. 2019, arXiv 1810.04805, section 3.1): of 15 % of the tokens, 8 in 10 are
hidden, 1 in 10 is another word, 1 in 10 stays, and the model guesses all of them. It starts from a checkpoint in a
folder, or from a small fresh BERT with a tokenizer trained on the same texts, so that it works without any network.
Every twentieth text is held out; the perplexity on these is what is printed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fewrec.adapt.checkpoint import Checkpoint, key_of
from fewrec.adapt.loading import require_train, tunable
from fewrec.adapt.modelfolder import put_model
from fewrec.adapt.ranges import at_least_one, check_ranges
from fewrec.encode import resolve
from fewrec.encode.hub import HubEncoder
from fewrec.errors import ConfigError, DataError, EncoderError

__all__ = ["PretrainSettings", "Pretrained", "base_model", "pretrain"]

HELD_OUT = 20  # every so many-th text
LEAST = 40  # texts
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@dataclass(frozen=True)
class PretrainSettings:
    """The fresh model, and how any model is trained."""

    vocabulary: int = 8000
    width: int = 128
    layers: int = 2
    heads: int = 2
    tokens: int = 64  # of one text
    batch_size: int = 32
    learning_rate: float = 5e-4
    masked: float = 0.15

    def __post_init__(self) -> None:
        check_ranges(self)
        if not 0 < self.masked < 1:
            raise ConfigError(
                f"masked must be a share between 0 and 1, not {self.masked}.",
                where="settings",
                value=self.masked,
            )
        if self.width % self.heads:
            raise ConfigError(
                f"a width of {self.width} cannot be shared by {self.heads} heads.",
                where="settings",
                value=self.width,
                hint=f"Choose a multiple of {self.heads}.",
            )


@dataclass(frozen=True)
class Pretrained:
    """Where the model lies, and the perplexity on held-out texts: before, and after each epoch."""

    folder: Path
    perplexity: list[float]


def pretrain(
    texts: Sequence[str],
    folder: str | os.PathLike[str],
    *,
    base: Any = None,
    epochs: int = 3,
    seed: int = 0,
    settings: PretrainSettings | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    say: Callable[[str], None] | None = None,
) -> Pretrained:
    """A model in ``folder`` that has read ``texts``; ``finetune(encoder=folder, mode="full")`` goes on from there.

    Of each text the first ``tokens`` count. ``base``: a BERT-like checkpoint, a folder or ``hub:NAME``; by default a
    fresh small one. ``checkpoint``: a folder in which the run keeps where it stands. Raises ``ConfigError`` without an
    epoch, ``DataError`` for fewer than 40 different texts, ``EncoderError`` for a base that cannot be had or guesses no
    words.
    """
    at_least_one("epochs", epochs)
    require_train()
    begun = None if base is None else base_model(base)
    unique = sorted({" ".join(text.split()) for text in texts if text.strip()})
    if len(unique) < LEAST:
        raise DataError(
            f"{len(unique)} different texts are too few to learn from: {LEAST} at least.", where="pretrain"
        )
    how, tell = settings or PretrainSettings(), say or (lambda line: None)
    held = unique[::HELD_OUT]
    kept = [text for at, text in enumerate(unique) if at % HELD_OUT]
    run = _Run(kept, held, begun, how, seed)
    key = key_of(texts=unique, base=begun and begun.id, settings=repr(how), seed=seed)
    state = Checkpoint(None if checkpoint is None else Path(checkpoint), key)
    rows = state.resume("pretrain", run) or [[run.perplexity()]]
    for at in range(len(rows), epochs + 1):
        run.epoch(np.random.default_rng((seed, at)))
        rows.append([run.perplexity()])
        tell(f"epoch {at}: held-out perplexity {rows[-1][0]:.1f} (before: {rows[0][0]:.1f})")
        state.keep("pretrain", run, rows)
    found = [float(row[0]) for row in rows]
    saved = put_model(folder, run.write, {"perplexity": found})
    state.clear()
    return Pretrained(saved, found)


def base_model(base: Any) -> HubEncoder:
    """The checkpoint of that name; raises what ``pretrain`` raises for it."""
    return tunable(resolve(base), "Leave it out for a small fresh model")


class _Run:
    """A model and its optimiser while they are trained."""

    def __init__(
        self, kept: list[str], held: list[str], base: HubEncoder | None, how: PretrainSettings, seed: int
    ) -> None:
        import torch
        from transformers import BertConfig, BertForMaskedLM

        torch.manual_seed(seed)
        if base is None:
            self.tokenizer = _tokenizer(kept, how)
            config = BertConfig(
                vocab_size=len(self.tokenizer),
                hidden_size=how.width,
                num_hidden_layers=how.layers,
                num_attention_heads=how.heads,
                intermediate_size=4 * how.width,
                max_position_embeddings=max(how.tokens, 64),
            )
            self.model: Any = BertForMaskedLM(config)
        else:
            self.tokenizer, self.model = _read(base)
        self.model.to(
            "cuda" if torch.cuda.is_available() else "cpu"
        ).eval()  # no dropout: texts are few and short
        self._kept, self._held, self._how = kept, held, how
        self._optimiser = torch.optim.AdamW(self.model.parameters(), lr=how.learning_rate, foreach=False)

    def epoch(self, rng: np.random.Generator) -> None:
        import torch

        order = rng.permutation(len(self._kept))
        for start in range(0, len(order), self._how.batch_size):
            loss = self._loss([self._kept[at] for at in order[start : start + self._how.batch_size]], rng)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0, foreach=False)
            self._optimiser.step()
            self._optimiser.zero_grad()

    def perplexity(self) -> float:
        """exp of the mean loss over the held-out texts, with the same masks each time."""
        import torch

        rng, size, losses = np.random.default_rng(0), self._how.batch_size, []
        with torch.no_grad():
            for start in range(0, len(self._held), size):
                losses.append(float(self._loss(self._held[start : start + size], rng)))
        return float(np.exp(np.mean(losses)))

    def _loss(self, texts: list[str], rng: np.random.Generator) -> Any:
        import torch

        read = self.tokenizer(
            texts, truncation=True, max_length=self._how.tokens, padding=True, return_tensors="np"
        )
        tokens = np.asarray(read["input_ids"])
        special = np.isin(tokens, self.tokenizer.all_special_ids)
        hidden, labels = masked(
            tokens, special, self.tokenizer.mask_token_id, len(self.tokenizer), self._how.masked, rng
        )
        place = self.model.device
        return self.model(
            input_ids=torch.from_numpy(hidden).to(place),
            attention_mask=torch.from_numpy(np.asarray(read["attention_mask"])).to(place),
            labels=torch.from_numpy(labels).to(place),
        ).loss

    def state(self) -> dict[str, Any]:
        # With the tokenizer: its trainer breaks ties in another order each time.
        told = self.tokenizer.backend_tokenizer.to_str().encode("utf-8")
        parts: dict[str, Any] = {"tokenizer": np.frombuffer(told, np.uint8)}
        for number, tensor in enumerate(self.model.parameters()):
            parts[f"weight/{number}"] = tensor.detach().cpu().numpy().copy()
            for name, moment in self._optimiser.state.get(tensor, {}).items():
                parts[f"{name}/{number}"] = np.array(moment.detach().cpu().numpy())
        return parts

    def restore(self, state: Mapping[str, Any]) -> None:
        import torch
        from tokenizers import Tokenizer

        self.tokenizer._tokenizer = Tokenizer.from_str(state["tokenizer"].tobytes().decode("utf-8"))
        for number, tensor in enumerate(self.model.parameters()):
            with torch.no_grad():
                tensor.copy_(torch.from_numpy(np.array(state[f"weight/{number}"])))
            names = [n for n in ("step", "exp_avg", "exp_avg_sq") if f"{n}/{number}" in state]
            self._optimiser.state[tensor] = {
                n: torch.from_numpy(np.array(state[f"{n}/{number}"])) for n in names
            }

    def write(self, folder: Path) -> None:
        self.model.save_pretrained(str(folder))
        self.tokenizer.save_pretrained(str(folder))


def _read(base: HubEncoder) -> tuple[Any, Any]:
    """``(tokenizer, model that guesses words)`` of a checkpoint."""
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(str(base.folder), local_files_only=True)
        model = AutoModelForMaskedLM.from_pretrained(
            str(base.folder), local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
        if tokenizer.mask_token_id is None:
            raise ValueError("its tokenizer has no sign for a hidden word")
    except Exception as error:  # two libraries, each with errors of its own
        raise EncoderError(
            f"the checkpoint guesses no hidden words: {type(error).__name__}: {error}",
            where=base.id,
            hint="It must be BERT-like: a masked language model with its tokenizer in one folder.",
        ) from error
    return tokenizer, model


def masked(
    tokens: np.ndarray,
    special: np.ndarray,
    mask: int,
    vocabulary: int,
    share: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """``(what the model sees, what it must say)``, both (N, T); -100 where it need not say anything.

    At least one token of every batch is asked for, if there is any.
    """
    asked = (rng.random(tokens.shape) < share) & ~special
    if not asked.any() and not special.all():
        free = np.argwhere(~special)
        asked[tuple(free[rng.integers(len(free))])] = True
    labels = np.where(asked, tokens, -100)
    draw = rng.random(tokens.shape)
    seen = np.where(asked & (draw < 0.8), mask, tokens)
    other = rng.integers(len(SPECIAL), vocabulary, tokens.shape)
    return np.where(asked & (draw >= 0.9), other, seen), labels


def _tokenizer(texts: list[str], how: PretrainSettings) -> Any:
    """WordPiece, trained on the texts."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    inner: Any = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    inner.normalizer = normalizers.BertNormalizer(lowercase=True)
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=how.vocabulary, special_tokens=list(SPECIAL), show_progress=False
    )
    inner.train_from_iterator(texts, trainer)
    inner.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[(name, inner.token_to_id(name)) for name in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_max_length=how.tokens,
    )  # fmt: skip
