"""``Hub``: the model that answers, kept in step with the store.

Events need no step: every list is made from the history that the store holds at that moment. New and changed items,
and people who were erased, come in by laying the same model over the new rows; a new version comes in by loading its
folder. Both happen beside the requests, and take effect by one assignment.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewrec.config import Config, DataSettings
from fewrec.data import Dataset
from fewrec.encode import Encoder, resolve
from fewrec.errors import FewrecError, FewrecWarning, NotFittedError
from fewrec.persist import read_manifest
from fewrec.recommender import Recommender
from fewrec.service.kept import Kept
from fewrec.service.tables import Reading, dataset_of, history_of, reading_of
from fewrec.store import Store, Version
from fewrec.store.store import Entity, Snapshot

__all__ = ["Hub", "Serving", "facts", "fit"]

KEPT_HISTORIES = 10_000
KEPT_BYTES = 64_000_000
"""Of answers, as they were sent: some twenty thousand lists of ten."""


@dataclass(frozen=True)
class Serving:
    """A model with the rows it answers from; never changed, only replaced."""

    version: Version
    model: Recommender
    reading: Reading
    items: int  # Seen.items when its rows were read
    seq: int  # Seen.data then
    latest: float | None  # time of the last event, where events fade


class Hub:
    """What all requests share: the store, the settings, the model that answers."""

    def __init__(
        self, store: Store, config: Config, models: Path, *, encoder: Any = None, cache: Any = "default"
    ) -> None:
        self.store, self.config, self.models = store, config, models
        self.encoder, self.cache = encoder, cache
        self.serving: Serving | None = None
        self.trouble: FewrecError | None = None  # why the active version cannot be served
        self._loaded: Encoder | None = None  # of the version that answers
        self._seen_models = -1
        self._warmed: Serving | None = None
        self._health: tuple[Serving, dict[str, Any]] | None = None
        self._turn = threading.Lock()
        self._histories = Kept[tuple[Entity, dict[Any, float]]](KEPT_HISTORIES)  # by user
        self._lists = Kept[bytes](KEPT_BYTES)  # by user and question

    # -- keeping in step

    def refresh(self) -> None:
        """Brings the model in step with the store; at once where nothing has changed."""
        with self._turn:
            seen = self.store.seen()
            serving = self.serving
            erased = self.store.last_erasure() if self.config.service.erase_at_once else 0
            if serving is not None and serving.version.seq < erased:
                serving = self.serving = self._warmed = self._health = (
                    None  # nothing that learned from them stays
                )
                self._histories.clear()
                self._lists.clear()
            if seen.models != self._seen_models or serving is None:
                active = self.store.versions.active()
                if active is not None and active.seq < erased:
                    self.trouble = _erased(active.version)
                elif active is not None and (serving is None or active.version != serving.version.version):
                    serving = self._load(active, serving)
                self._seen_models = seen.models
            if serving is not None and serving.items != seen.items:
                serving = self._laid_over(serving)
                self.serving = serving
                self._histories.clear()  # somebody may have been erased
                self._lists.clear()
            self.serving = serving

    def _load(self, version: Version, before: Serving | None) -> Serving | None:
        """The version from its folder, with the rows it was fitted on; ``before`` where it cannot be loaded."""
        try:
            folder = self.folder(version.version)
            model = Recommender.load(folder, encoder=self._encoder_of(folder), cache=self.cache)
        except FewrecError as error:
            self.trouble = error  # told by /readyz and by every request until a version can be served
            return before
        self.trouble = None
        reading = Reading(**version.about["reading"])
        return Serving(version, model, reading, version.about["items_seq"],
                       version.seq, version.about.get("latest"))  # fmt: skip

    def _encoder_of(self, folder: Path) -> Any:
        """The encoder of a version; that of the one before where it is the same, so that its model is loaded once."""
        if self.encoder is not None:
            return self.encoder
        about = read_manifest(folder)
        settings = about.get("configuration")
        name = settings.get("encoder") if isinstance(settings, dict) else None
        if name is None:
            return None  # loading the version says what is missing
        if self._loaded is None or self._loaded.id != about.get("encoder_id"):
            self._loaded = resolve(name)
        return self._loaded

    def _laid_over(self, serving: Serving) -> Serving:
        version, model = serving.version, serving.model
        items = self.store.seen().items  # before the rows are read: a write in between is seen next time
        snapshot = self.store.snapshot()
        # As at the fit, for the model knows no other values; unless there was nothing to read then.
        kept = None if model.feedback.kind == "none" else serving.reading
        data, reading = dataset_of(snapshot, self.config.data, kept)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FewrecWarning)
            laid = model.on(data)
        latest = max((event.time for event in snapshot.events), default=None)
        return Serving(version, laid, reading, items, snapshot.seq, latest)

    def folder(self, version: int) -> Path:
        """Where a version is saved."""
        return self.models / f"{version:06d}"

    def wait_for_items(self) -> None:
        """Returns when the items that are in the store can be recommended."""
        if self.serving is not None:
            self.refresh()

    # -- answering

    @property
    def now(self) -> Serving:
        """What answers. ``NotFittedError`` where there is no model yet."""
        serving = self.serving
        if serving is None:
            if self.trouble is not None:
                raise self.trouble
            raise NotFittedError(
                "there is no model yet.",
                where="models",
                hint="Send items and interactions, then POST /v1/models; GET /v1/models tells how far it is.",
            )
        return serving

    def visitor(self, serving: Serving, user: str, stamp: tuple[int, int] | None = None) -> dict[str, Any]:
        """The arguments of ``recommend`` for somebody in the store, from their history as of now, or as of ``stamp``
        (``Store.stamp``) at least."""
        entity, values = self._history(serving, user, stamp or self.store.stamp(user))
        known = serving.model.data.users.get(user) is not None and entity.born <= serving.version.seq
        return {
            "user": user if known else None,
            "support": values or None,
            # What the model knows of a user since its fit needs no telling; what came later does.
            "attributes": (entity.columns or None) if not known or entity.seq > serving.version.seq else None,
            "on_unknown": "skip",
        }

    def _history(
        self, serving: Serving, user: str, stamp: tuple[int, int]
    ) -> tuple[Entity, dict[Any, float]]:
        state = (*stamp, serving.version.version, serving.seq)
        found = self._histories.get(user, state)
        if found is not None:
            return found
        entity, events = self.store.visitor(user)
        reading = serving.reading
        if (
            serving.model.feedback.kind == "none"
        ):  # nothing to learn from so far: the person's own rows decide
            reading = reading_of(events, self.config.data)
        values = history_of(events, reading, serving.model.feedback, self.config.data, serving.latest)
        self._histories.put(user, state, (entity, values))
        return entity, values

    def remembered(
        self, serving: Serving, user: str, asked: str, make: Callable[[dict[str, Any]], bytes]
    ) -> bytes:
        """What ``make`` gives for the user's :meth:`visitor`; the same again while neither their history nor the model
        nor an item changes. One answer is kept for each user and question: an older one cannot be right again."""
        stamp = self.store.stamp(user)
        state = _state(serving, stamp)
        found = self._lists.get((user, asked), state)
        if found is not None:
            return found
        made = make(self.visitor(serving, user, stamp))
        if self.serving is serving:  # else somebody may have been erased meanwhile
            self._lists.put((user, asked), state, made, len(made))
            if self.serving is not serving:  # just now
                self._lists.clear()
        return made

    def at_once(self, serving: Serving, user: str, asked: str) -> bytes | None:
        """What :meth:`remembered` gives, where it is remembered and right at this moment. ``BlockingIOError`` where
        only who waits for the database can tell."""
        if (user, asked) not in self._lists:
            return None
        return self._lists.get((user, asked), _state(serving, self.store.stamp(user, wait=False)))

    def health(self, serving: Serving) -> dict[str, Any]:
        """The health of the rows, looked at once for each state of them."""
        found = self._health
        if found is None or found[0] is not serving:
            found = self._health = (serving, serving.model.data.health().to_dict())
        return found[1]

    def warm(self) -> bool:
        """Makes before somebody waits for it what is otherwise made at first use. Whether there was a model to
        warm."""
        serving = self.serving
        if serving is None or serving is self._warmed or not len(serving.model.data.items):
            return False
        self._warmed = serving
        serving.model.make_ready()
        return True


def _state(serving: Serving, stamp: tuple[int, int]) -> tuple[int, ...]:
    """All that a list follows from, beside what was asked."""
    return (*stamp, serving.version.version, serving.seq, serving.items)


def _erased(version: int) -> NotFittedError:
    """Why nothing answers where ``service.erase_at_once`` is set."""
    return NotFittedError(
        f"version {version} had learned from somebody who was erased; nothing answers until the next one is fitted.",
        where="models",
        hint="GET /v1/models tells how far it is, or why it failed; the setting is service.erase_at_once.",
    )


def fit(hub_store: Store, config: Config, models: Path, version: int, *, progress: Any = None, cache: Any = "default",
        encoder: Any = None) -> dict[str, Any]:  # fmt: skip
    """Fits a version on all rows of the store and saves it; what is to be noted about it."""
    begin = time.time()
    items = hub_store.seen().items
    snapshot = hub_store.snapshot()
    data, reading = dataset_of(snapshot, config.data)
    model = Recommender(
        encoder=config.model.encoder if encoder is None else encoder,
        tune=config.model.tune,
        seed=config.model.seed,
        cache=cache,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewrecWarning)
        model.fit(data, progress=progress or False)
    model.save(models / f"{version:06d}")
    return {
        "seq": snapshot.seq,
        "items_seq": items,
        **facts(data, reading, snapshot, config.data),
        "fit_seconds": round(time.time() - begin, 3),
    }


def facts(data: Dataset, reading: Reading, snapshot: Snapshot, settings: DataSettings) -> dict[str, Any]:
    """What is noted about a version: how its events were read, how much there was, what was odd."""
    latest = max((event.time for event in snapshot.events), default=None)
    return {
        "reading": reading.to_dict(),
        "latest": latest if settings.half_life is not None else None,
        "counts": {
            "items": len(data.items),
            "users": len(data.users),
            "interactions": len(data.interactions),
        },
        "feedback": data.feedback.describe(),
        "warnings": list(data.warnings),
        "fingerprint": data.fingerprint,
    }
