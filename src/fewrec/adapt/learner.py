"""LoRA matrices on a language model, and the optimiser that trains them to say the right rating word (extra
``train``)."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.errors import StoreError
from fewrec.llm import LocalModel, Prompt, Template
from fewrec.llm.named import ABOUT

__all__ = ["Learner", "Task"]

CLIP = 1.0


@dataclass(frozen=True)
class Task:
    """One question to the model: will this user like this candidate?"""

    prompt: Prompt
    liked: bool


class Learner:
    """LoRA matrices on a model, and their optimiser."""

    def __init__(
        self, model: LocalModel, words: Template, rank: int, learning_rate: float, batch_size: int
    ) -> None:
        import torch
        from peft import LoraConfig, get_peft_model

        base, self.tokenizer = model.parts()
        self.words, self.batch_size, self.learning_rate = words, batch_size, learning_rate
        settings = LoraConfig(
            r=rank, lora_alpha=2 * rank, lora_dropout=0.05, target_modules="all-linear", task_type="CAUSAL_LM"
        )
        self.net: Any = get_peft_model(base, settings)
        self.model = LocalModel.of(self.net.get_base_model(), self.tokenizer, f"{model.id}+lora")
        self.own = model
        self.step = 0
        self.optimizer = torch.optim.AdamW(
            [one for one in self.net.parameters() if one.requires_grad], lr=learning_rate, weight_decay=0.0
        )
        yes, no = int(np.argmax(words.values)), int(np.argmin(words.values))
        self.answers = (model.spelt(words.words[no]), model.spelt(words.words[yes]))
        self.best = self.weights()
        self.net.eval()

    @classmethod
    @contextmanager
    def on(
        cls, model: LocalModel, words: Template, rank: int, learning_rate: float, batch_size: int, seed: int
    ) -> Iterator[Learner]:
        """A learner on ``model``, which is as it was before when all is over, however it ends."""
        import torch

        torch.manual_seed(seed)
        learner = cls(model, words, rank, learning_rate, batch_size)
        try:
            yield learner
        finally:
            learner.net.unload()

    def epoch(self, tasks: Sequence[Task], steps: int) -> float:
        """One pass; the mean loss."""
        import torch

        self.net.train()
        total = 0.0
        for ids, mask, labels in self._batches(tasks):
            self.step += 1
            warm = min(1.0, self.step / max(1.0, 0.1 * steps))
            for group in self.optimizer.param_groups:
                group["lr"] = self.learning_rate * warm * max(0.05, 1 - self.step / (steps + 1))
            loss = self.net(input_ids=ids, attention_mask=mask, labels=labels).loss
            self.optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), CLIP)
            self.optimizer.step()
            total += float(loss.detach()) * len(ids)
        self.net.eval()
        return total / len(tasks)

    def loss(self, tasks: Sequence[Task]) -> float:
        """The mean loss without learning."""
        import torch

        with torch.inference_mode():
            sums = [
                float(self.net(input_ids=ids, attention_mask=mask, labels=labels).loss) * len(ids)
                for ids, mask, labels in self._batches(tasks)
            ]
        return sum(sums) / len(tasks)

    def weights(self) -> dict[str, Any]:
        """A copy of the LoRA matrices."""
        return {name: one.detach().clone() for name, one in self._trained()}

    def set_weights(self, kept: dict[str, Any]) -> None:
        """Puts a copy back."""
        import torch

        with torch.no_grad():
            for name, one in self._trained():
                one.copy_(kept[name])

    def state(self) -> dict[str, NDArray[Any]]:
        """All that `restore` needs to go on from here."""
        parts: dict[str, NDArray[Any]] = {"step": np.array([self.step])}
        for number, (name, one) in enumerate(self._trained()):
            parts[f"weight/{number}"] = one.detach().cpu().numpy().copy()
            parts[f"best/{number}"] = self.best[name].cpu().numpy().copy()
            for moment, value in self.optimizer.state.get(one, {}).items():
                parts[f"{moment}/{number}"] = np.array(value.detach().cpu().numpy())
        return parts

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        import torch

        for number, (name, one) in enumerate(self._trained()):
            with torch.no_grad():
                one.copy_(torch.from_numpy(np.array(state[f"weight/{number}"])))
            self.best[name] = torch.from_numpy(np.array(state[f"best/{number}"])).to(one)
            moments = {
                moment: torch.from_numpy(np.array(state[f"{moment}/{number}"]))
                for moment in ("step", "exp_avg", "exp_avg_sq")
                if f"{moment}/{number}" in state
            }
            if moments:
                on = {
                    moment: value if moment == "step" else value.to(one) for moment, value in moments.items()
                }
                self.optimizer.state[one] = on
        self.step = int(state["step"][0])

    def _trained(self) -> list[tuple[str, Any]]:
        return [(name, one) for name, one in self.net.named_parameters() if "lora_" in name]

    def save(self, target: Path, about: Mapping[str, Any]) -> None:
        """The merged model in a folder, whole or not at all."""
        beside = target.with_name(f".{target.name}.part-{secrets.token_hex(4)}")
        try:
            plain = self.net.get_base_model()
            state = {
                name.replace(".base_layer.", "."): one
                for name, one in plain.state_dict().items()
                if "lora_" not in name
            }
            for name, layer in plain.named_modules():
                if hasattr(
                    layer, "get_delta_weight"
                ):  # merged in place and undone, weights would lose last bits
                    delta = layer.get_delta_weight(layer.active_adapter[0]).detach()
                    state[f"{name}.weight"] = state[f"{name}.weight"] + delta
            plain.save_pretrained(str(beside), state_dict=state)
            self.tokenizer.save_pretrained(str(beside))
            (beside / ABOUT).write_text(json.dumps(dict(about), indent=2) + "\n", encoding="utf-8")
            os.rename(beside, target)
        except OSError as error:
            raise StoreError(f"the folder cannot be written: {error.strerror}.", where=str(target)) from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def _batches(self, tasks: Sequence[Task]) -> Iterator[tuple[Any, Any, Any]]:
        """``(B, T)`` tokens, mask and labels; only the answer's tokens have labels."""
        import torch

        for start in range(0, len(tasks), self.batch_size):
            part = tasks[start : start + self.batch_size]
            asked = [self.own.tokens(task.prompt) for task in part]
            said = [self.answers[int(task.liked)] for task in part]
            longest = max(len(a) + len(b) for a, b in zip(asked, said, strict=True))
            ids = torch.zeros((len(part), longest), dtype=torch.long)
            mask, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
            for row, (a, b) in enumerate(zip(asked, said, strict=True)):
                ids[row, : len(a) + len(b)] = torch.tensor([*a, *b])
                mask[row, : len(a) + len(b)] = 1
                labels[row, len(a) : len(a) + len(b)] = torch.tensor(b)
            device = self.net.device
            yield ids.to(device), mask.to(device), labels.to(device)
