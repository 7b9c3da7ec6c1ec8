"""Item summaries and user portraits that a language model writes: kept, with provenance, marked as machine-written."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fewrec.data import Dataset
from fewrec.errors import ConfigError, DataError, StoreError
from fewrec.llm import LanguageModel, Template, template
from fewrec.llm.prompts import Example, Prompt, harmless
from fewrec.llm.rater import balanced

__all__ = ["COLUMNS", "Described", "Description", "describe"]

Id = str | int
COLUMNS = {"items": "machine_written_summary", "users": "machine_written_portrait"}
"""The column that holds the text: nobody who reads the table can take it for somebody's own words."""

IDS = {"items": "item_id", "users": "user_id"}
MOST_EXAMPLES = 20
LONGEST = 600  # characters of what a model writes that are kept


@dataclass(frozen=True)
class Description:
    """One text, and where it comes from."""

    id: Id
    text: str
    model: str  # id of the language model
    language: str  # of the prompt
    prompt: str  # SHA-256 of the prompt, which holds all that the model was told
    tokens: int  # that it might write at most
    machine_written: bool = True


@dataclass(frozen=True)
class Described:
    """What came of a run: ``written`` anew, ``kept`` from earlier ones, ``silent`` where the model wrote nothing."""

    path: Path
    provenance: Path
    written: int
    kept: int
    silent: int


def describe(
    data: Dataset,
    model: LanguageModel,
    path: str | os.PathLike[str],
    *,
    of: str = "items",
    language: str | Template = "en",
    tokens: int = 60,
    length: int = 400,
    limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Described:
    """Writes a table of summaries (``of="items"``) or portraits (``of="users"``) as JSON lines into ``path``.

    The table has two columns, the id and `COLUMNS`'s; beside it, in ``NAME.provenance.jsonl``, stand the model, the
    language and a hash of the prompt of each text. A text is kept as long as all three stay the same: a second run asks
    about what is new or changed alone. A run that is killed goes on where it stood; its table appears when all is done.

    Items are told by title, attributes and description, of ``length`` characters at most; users by up to 20 items of
    their history, likes and dislikes alike, whatever their ratings. ``tokens``: how much the model may write.
    ``limit``: the first so many in the order of the data. A model can be wrong about what it describes, and portraits
    are personal data: see the page on privacy.

    Raises `ConfigError`, `DataError` where there is nothing to describe, `StoreError` for files that cannot be read or
    written, and `EncoderError` for a model that cannot be asked.
    """
    if of not in COLUMNS:
        raise ConfigError(f"of must be items or users, not {of!r}.", where="describe", value=of)
    for name, value in (("tokens", tokens), ("length", length), ("limit", 1 if limit is None else limit)):
        if value < 1:
            raise ConfigError(f"{name} must be at least 1, not {value}.", where="describe", value=value)
    words = template(language) if isinstance(language, str) else language
    asked = list(_items(data, words, length) if of == "items" else _users(data, words, length))[:limit]
    if not asked:
        raise DataError(
            f"there are no {of} to describe.",
            where="describe",
            hint="Items need a text; users need interactions with items that have one.",
        )
    table = Path(path)
    provenance = table.with_name(f"{table.stem}.provenance.jsonl")
    journal = table.with_name(f"{table.name}.part")
    known = _known(table, provenance, of) | _journal(journal)
    done: list[Description] = []
    written = kept = 0
    with _opened(journal) as notes:
        for place, (one, prompt) in enumerate(asked, start=1):
            key = hashlib.sha256(prompt.text.encode("utf-8", "surrogatepass")).hexdigest()
            wanted = Description(one, "", model.id, words.language, key, tokens)
            earlier = known.get(one)
            if earlier is not None and Description(**{**asdict(earlier), "text": ""}) == wanted:
                done.append(earlier)
                kept += 1
            else:
                text = harmless(model.write(prompt, tokens), LONGEST)
                found = Description(**{**asdict(wanted), "text": text})
                notes.write(json.dumps(asdict(found), ensure_ascii=False) + "\n")
                notes.flush()
                done.append(found)
                written += 1
            if progress is not None:
                progress(place, len(asked))
    spoken = [one for one in done if one.text]
    _replace(
        provenance, [{key: value for key, value in asdict(one).items() if key != "text"} for one in done]
    )
    _replace(table, [{IDS[of]: one.id, COLUMNS[of]: one.text} for one in spoken])
    journal.unlink()
    return Described(table, provenance, written, kept, len(done) - len(spoken))


def _items(data: Dataset, words: Template, length: int) -> Iterator[tuple[Id, Prompt]]:
    for row, item in enumerate(data.items.ids):
        text = ". ".join(view[row] for view in data.texts.values() if view[row])
        if text.strip():
            yield item, words.summary(text, length=length)


def _users(data: Dataset, words: Template, length: int) -> Iterator[tuple[Id, Prompt]]:
    liked = data.matrix("liked")
    for row, user in enumerate(data.users.ids):
        likes = set(liked[row].indices.tolist())
        met = sorted(data.matrix("all")[row].indices.tolist())
        examples = [Example(text, at in likes) for at in met if (text := data.titles[at]).strip()]
        shown = balanced(examples, MOST_EXAMPLES)
        if shown:
            yield user, words.portrait(shown, length=length)


def _known(table: Path, provenance: Path, of: str) -> dict[Id, Description]:
    """What an earlier run has left, by id; nothing where there was none."""
    if not table.exists() or not provenance.exists():
        return {}
    texts = {row.get(IDS[of]): row.get(COLUMNS[of]) for row in _rows(table)}
    found = {}
    for row in _rows(provenance):
        try:
            one = Description(text=str(texts.get(row["id"]) or ""), **row)
        except (TypeError, KeyError) as error:
            raise _damaged(provenance, error) from error
        found[one.id] = one
    return found


def _journal(path: Path) -> dict[Id, Description]:
    """What a run that was killed had written; its last line may have been cut off."""
    if not path.exists():
        return {}
    whole, _, _ = path.read_text(encoding="utf-8", errors="replace").rpartition("\n")
    try:
        listed = [Description(**json.loads(line)) for line in whole.splitlines() if line]
    except (ValueError, TypeError) as error:
        raise _damaged(path, error) from error
    return {one.id: one for one in listed}


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    except (ValueError, OSError) as error:
        raise _damaged(path, error) from error
    if not all(isinstance(row, dict) for row in rows):
        raise _damaged(path, TypeError("a row is no object"))
    return rows


def _damaged(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"this is not what describe wrote ({type(error).__name__}: {error}).",
        where=str(path),
        hint="Choose another file, or remove this one and what stands beside it.",
    )


def _opened(path: Path) -> Any:
    try:
        # A line that a killed run left unfinished must not run into the next one.
        if path.exists() and not path.read_bytes().endswith(b"\n"):
            whole, newline, _ = path.read_bytes().rpartition(b"\n")
            path.write_bytes(whole + newline)
        return path.open("a", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"the file cannot be written: {error.strerror}.", where=str(path)) from error


def _replace(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """The file with these rows, whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    beside.write_text(lines, encoding="utf-8")
    os.replace(beside, path)
