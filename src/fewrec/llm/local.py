"""Any causal model of Transformers: a folder, or a GGUF file (extra ``llm``: torch, transformers, gguf)."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.encode.hub import content_hash
from fewrec.errors import EncoderError
from fewrec.llm.files import gguf_id, needed
from fewrec.llm.prompts import Prompt

__all__ = ["LocalModel"]

ANSWER = "Answer:"  # where a model without roles goes on


class LocalModel:
    """The causal model in ``path``: a folder that ``save_pretrained`` wrote, or a .gguf file, which is unpacked to full
    width. It is loaded at the first question. Code that a model brings along is never run.

    ``device``: "cpu", "cuda", ...; None takes a GPU where there is one. Numbers are float32 on a CPU, else
    bfloat16.

    Prompts of one call share their beginning (what the visitor liked): it is read once, the candidates after it.
    """

    batch_size = 8

    def __init__(self, path: str | Path, *, device: str | None = None) -> None:
        needed("a language model", "torch", "transformers", install='pip install "fewrec[llm]"')
        self.path, self._device = Path(path), device
        if self.path.is_dir():
            self.id = f"local:{self.path.resolve().name}@{content_hash(self.path)[:12]}"
        else:
            needed("a GGUF file", "gguf", install='pip install "fewrec[llm]"')
            self.id = f"local:{gguf_id(self.path)}"
        self._parts: tuple[Any, Any] | None = None
        self._lock = threading.Lock()

    @classmethod
    def of(cls, model: Any, tokenizer: Any, id: str) -> LocalModel:
        """A model that is loaded already, with its tokenizer; ``id`` must change when the weights do."""
        made = cls.__new__(cls)
        made.path, made._device, made.id = Path(), None, id
        made._parts, made._lock = (model.eval(), tokenizer), threading.Lock()
        return made

    def likelihoods(
        self, prompts: Sequence[Prompt], words: Sequence[str], seconds: float | None = None
    ) -> NDArray[np.float32]:
        """See `fewrec.llm.LanguageModel`. Words of several tokens are scored whole. ``seconds`` breaks nothing off."""
        import torch

        model, _ = self.parts()
        if not prompts:
            return np.zeros((0, len(words)), dtype=np.float32)
        asked = [self.tokens(prompt) for prompt in prompts]
        spelt = [self.spelt(word) for word in words]
        shared = _shared(asked)
        out = np.zeros((len(prompts), len(words)), dtype=np.float32)
        with self._lock, torch.inference_mode():
            start = torch.tensor([asked[0][:shared]], device=model.device)
            if all(len(word) == 1 for word in spelt):
                tails = [tokens[shared:] for tokens in asked]
                logs = self._after(model, start, tails)
                for row, tail in enumerate(tails):
                    out[row] = [float(logs[row, len(tail) - 1, word[0]]) for word in spelt]
            else:
                for column, word in enumerate(spelt):
                    tails = [tokens[shared:] + word for tokens in asked]
                    logs = self._after(model, start, tails)
                    for row, tail in enumerate(tails):
                        first = len(tail) - len(word) - 1  # what stands here foretells the word's first token
                        out[row, column] = sum(
                            float(logs[row, first + place, token]) for place, token in enumerate(word)
                        )
        return np.minimum(out, 0.0)

    def write(self, prompt: Prompt, tokens: int) -> str:
        """See `fewrec.llm.LanguageModel`."""
        import torch

        model, tokenizer = self.parts()
        asked = self.tokens(prompt, room=tokens)
        with self._lock, torch.inference_mode():
            ids = torch.tensor([asked], device=model.device)
            found = model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=tokens,
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
                pad_token_id=tokenizer.eos_token_id,
            )
        text: str = tokenizer.decode(found[0, len(asked) :], skip_special_tokens=True)
        return text.strip()

    def _after(self, model: Any, start: Any, tails: Sequence[list[int]]) -> Any:
        """``(N, longest, V)`` logarithms of likelihoods after each token of each tail; ``start`` is read once."""
        import torch
        from transformers import DynamicCache

        # Transformers 5 is renaming the argument: the new name warns of nothing where it is known.
        named = "cache" if "cache" in inspect.signature(model.forward).parameters else "past_key_values"
        memory = DynamicCache(config=model.config)
        model(start, use_cache=True, logits_to_keep=1, **{named: memory})
        memory.batch_repeat_interleave(len(tails))
        longest = max(map(len, tails))
        ids = torch.zeros((len(tails), longest), dtype=torch.long, device=start.device)
        mask = torch.zeros((len(tails), start.shape[1] + longest), dtype=torch.long, device=start.device)
        mask[:, : start.shape[1]] = 1
        for row, tail in enumerate(tails):  # what fills up stands behind, where nothing before it can look
            ids[row, : len(tail)] = torch.tensor(tail, device=start.device)
            mask[row, start.shape[1] : start.shape[1] + len(tail)] = 1
        logits = model(ids, attention_mask=mask, use_cache=True, **{named: memory}).logits
        return torch.log_softmax(logits.float(), dim=-1)

    def spelt(self, word: str) -> list[int]:
        """The tokens of a rating word as the beginning of an answer."""
        _, tokenizer = self.parts()
        blank = "" if tokenizer.chat_template else " "
        found: list[int] = tokenizer.encode(blank + word, add_special_tokens=False)
        return found

    def tokens(self, prompt: Prompt, room: int = 16) -> list[int]:
        """The tokens of a prompt, up to where the answer begins; ``room`` more must fit into what the model reads.

        Raises `EncoderError` where they do not.
        """
        model, tokenizer = self.parts()
        if tokenizer.chat_template:
            said = [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
            text = tokenizer.apply_chat_template(said, add_generation_prompt=True, tokenize=False)
            tokens: list[int] = tokenizer.encode(text, add_special_tokens=False)
        else:
            tokens = tokenizer.encode(prompt.text + ANSWER)
        most = getattr(model.config, "max_position_embeddings", None)
        if most is not None and len(tokens) + room > most:
            raise EncoderError(
                f"a prompt has {len(tokens)} tokens, and the model reads {most}.",
                where=self.id,
                value=len(tokens),
                hint="Make Rater(length=...) smaller, or take a model that reads more.",
            )
        return tokens

    def parts(self) -> tuple[Any, Any]:
        """The model and its tokenizer, loaded if they are not yet."""
        with self._lock:
            if self._parts is None:
                self._parts = self._load()
            return self._parts

    def _load(self) -> tuple[Any, Any]:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        device = self._device or ("cuda" if torch.cuda.is_available() else "cpu")
        dtype = torch.float32 if device == "cpu" else torch.bfloat16
        settings: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        place = self.path
        if not place.is_dir():
            place, settings["gguf_file"] = place.parent, place.name
        weights = {} if "gguf_file" in settings else {"use_safetensors": True}
        try:
            tokenizer = AutoTokenizer.from_pretrained(str(place), **settings)
            model: Any = AutoModelForCausalLM.from_pretrained(str(place), dtype=dtype, **settings, **weights)
        except Exception as error:  # three libraries, each with errors of its own
            raise EncoderError(
                f"the model cannot be loaded: {type(error).__name__}: {error}",
                where=self.id,
                hint="It must be a causal language model with its tokenizer, in safetensors or as one GGUF file.",
            ) from error
        return model.to(device).eval(), tokenizer


def _shared(asked: Sequence[list[int]]) -> int:
    """How many tokens all prompts begin with; each keeps one of its own at least."""
    shortest = min(map(len, asked)) - 1
    for at in range(shortest):
        if any(tokens[at] != asked[0][at] for tokens in asked):
            return max(at, 1)
    return max(shortest, 1)
