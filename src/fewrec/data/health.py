"""The health of a data set in words: counts, gaps and oddities, and what they mean for recommendations."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from fewrec.data.feedback import Feedback
from fewrec.data.times import day

BAR = 30  # characters of the longest bar
_EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True)
class HealthReport:
    """What ``Dataset.health()`` found. ``str()`` is plain text for people, ``to_dict()`` is JSON-ready.

    Shares are between 0 and 1. ``languages`` is a guess from letters and a few common words, no more.
    """

    users: int
    items: int
    interactions: int
    events: int
    feedback: str
    density: float  # share of all (user, item) pairs with an interaction
    liked: float  # share of pairs that are likes
    repeated_events: int  # events beyond the first of their pair
    contradictions: int  # pairs with both a like and a dislike among their events
    cold_items: float  # share of items without interactions
    silent_items: float  # share of items with neither interactions nor any text
    new_users: float  # share of users with fewer than three interactions
    learners: int  # users with at least five likes
    top_tenth: float  # share of interactions that fall on the most popular tenth of items
    twin_groups: int  # groups of users with identical histories of three or more
    twin_users: int  # users in such groups
    near_duplicates: list[list[str | int]] = field(
        default_factory=list
    )  # ids of items with nearly the same title
    near_duplicate_items: int = 0
    text_coverage: dict[str, float] = field(default_factory=dict)  # view -> share of items with a text
    text_length: dict[str, float] = field(default_factory=dict)  # view -> median characters of those
    features: int = 0
    languages: dict[str, float] = field(default_factory=dict)
    histogram: list[tuple[str, int]] = field(default_factory=list)  # rating (or weight) -> pairs
    span: tuple[float, float] | None = None  # unix seconds of first and last event
    meaning: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """All fields, JSON-ready."""
        plain = asdict(self)
        plain["histogram"] = [list(bar) for bar in self.histogram]
        plain["span"] = None if self.span is None else list(self.span)
        return plain

    def __str__(self) -> str:
        return render(self)


def sentences(report: HealthReport, feedback: Feedback) -> list[str]:
    """What the numbers mean for the recommendations, most weighty first."""
    told: list[str] = []
    coverage = report.text_coverage.get("title", 0.0)
    if not report.interactions:
        told.append(
            "Nobody has rated, bought or read anything yet: lists rest on the items' texts alone and cannot "
            "know what "
            "is popular. A few likes from ten people already help."
        )
    elif report.learners < 10:
        told.append(
            f"{_count(report.learners, 'person has', 'people have')} five likes or more: too few to learn "
            f"much from "
            "habits. Lists stay close to popularity and text, and say so."
        )
    elif report.learners < 50:
        told.append(
            f"{report.learners} people have five likes or more: habits help, and the weights lean on what "
            f"is usual "
            "elsewhere."
        )
    else:
        told.append(f"{report.learners} people have five likes or more: enough to learn from habits.")
    told += _about_texts(report, coverage)
    if report.interactions:
        told += _about_interactions(report, feedback)
    if report.near_duplicate_items:
        groups = report.near_duplicates
        told.append(
            f"{report.near_duplicate_items} items share their title with another one (such as "
            f"{' and '.join(str(id) for id in groups[0][:3])}): a list may show the same thing twice. Merge "
            f"them if "
            "they are the same."
        )
    return told


def _about_texts(report: HealthReport, coverage: float) -> list[str]:
    told = []
    if not coverage:
        told.append("No item has a text: items that nobody has touched cannot be recommended.")
    elif coverage < 0.995:
        told.append(f"{_percent(1 - coverage)} of the items have no text: only habits speak for them.")
    if report.silent_items:
        told.append(
            f"{_percent(report.silent_items)} of the items have neither a text nor an interaction: nothing "
            f"can be known "
            "about them. Give them a title."
        )
    if report.interactions and report.cold_items > 0.02:
        told.append(
            f"{_percent(report.cold_items)} of the items have no interaction: they reach a list through "
            f"their text and "
            "their features alone."
        )
    languages = [
        name for name, share in report.languages.items() if share >= 0.05 and "not guessed" not in name
    ]
    if len(languages) > 1:
        told.append(
            f"Texts seem to be in several languages ({', '.join(languages)}): choose a multilingual "
            f"encoder, which the "
            "default one is."
        )
    return told


def _about_interactions(report: HealthReport, feedback: Feedback) -> list[str]:
    told = []
    if report.new_users > 0.3:
        told.append(
            f"{_percent(report.new_users)} of the users have fewer than three interactions: for them the "
            f"list is mostly "
            "a guess from popularity."
        )
    if report.top_tenth > 0.6 and report.items >= 30:
        told.append(
            f"The most popular tenth of the items has {_percent(report.top_tenth)} of the interactions: a "
            f"bestseller "
            "list is a strong rival here."
        )
    if feedback.kind == "explicit" and (report.liked > 0.9 or report.liked < 0.1):
        told.append(
            f"{_percent(report.liked)} of the ratings are likes: they hardly tell taste apart. Another "
            f"liked_at may "
            "serve better."
        )
    if report.liked == 0:
        told.append("Nothing is liked: there is no taste to learn from.")
    if report.twin_groups:
        told.append(
            f"{report.twin_users} users have exactly the same history as another one: test accounts or "
            f"robots count "
            "as so many people."
        )
    if report.span is None:
        told.append("Interactions have no times: what is new cannot be told from what is old.")
    return told


def render(report: HealthReport) -> str:
    """The whole report as plain text."""
    lines = [
        f"{report.users:,} users, {report.items:,} items, {report.interactions:,} interactions "
        f"({_percent(report.density)} of all pairs), {report.events:,} events",
        f"Feedback: {report.feedback}",
    ]
    if report.span:
        lines.append(f"Time: {day(report.span[0])} to {day(report.span[1])}")
    rows = [("Likes among the interactions", _percent(report.liked))] if report.interactions else []
    rows += [
        ("Items without interactions", _percent(report.cold_items)),
        ("Users with fewer than 3 interactions", _percent(report.new_users)),
        ("Repeated events", f"{report.repeated_events:,}"),
        ("Pairs both liked and disliked", f"{report.contradictions:,}"),
        ("Users with identical histories", f"{report.twin_users:,}"),
        ("Items with nearly the same title", f"{report.near_duplicate_items:,}"),
    ]
    rows += [
        (
            f'Items with a text ("{view}")',
            f"{_percent(share)}, median {report.text_length[view]:.0f} characters",
        )
        for view, share in report.text_coverage.items()
    ]
    rows.append(("Named features of items", f"{report.features:,}"))
    if report.languages:
        shown = [f"{name} {_percent(share)}" for name, share in list(report.languages.items())[:4]]
        rows.append(("Language (a guess)", ", ".join(shown)))
    width = max(len(name) for name, _ in rows)
    lines += ["", *(f"{name.ljust(width)}  {value}" for name, value in rows)]
    if report.histogram:
        longest = max(count for _, count in report.histogram)
        label_width = max(len(label) for label, _ in report.histogram)
        lines += ["", "Ratings" if report.feedback.startswith("ratings") else "Weight of a pair's events"]
        lines += [
            f"{label.rjust(label_width)} {bar(count, longest)} {count:,}" for label, count in report.histogram
        ]
    lines += ["", "What this means", *(f"- {sentence}" for sentence in report.meaning)]
    if report.warnings:
        lines += ["", "Noticed while reading", *(f"- {warning}" for warning in report.warnings)]
    return "\n".join(lines)


def _percent(share: float) -> str:
    if 0 < share < 0.001:
        return "under 0.1 %"
    return f"{100 * share:.1f} %" if 0 < share < 0.1 else f"{100 * share:.0f} %"


def _count(number: int, one: str, many: str) -> str:
    return f"No {one}" if number == 0 else f"{number} {one if number == 1 else many}"


def bar(count: int, longest: int) -> str:
    """A horizontal bar of Unicode blocks, in eighths of a character."""
    eighths = round(8 * BAR * count / longest) if longest else 0
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip() or ("▏" if count else "")
