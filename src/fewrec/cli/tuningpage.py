"""The report of a tuning run: one HTML page that needs no network, in the style of an evaluation's."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from fewrec.evaluate.report.sections import definitions, esc, figure, section, soft
from fewrec.evaluate.report.svg import Frame, drawing, element, linear, nice_ticks, text

if TYPE_CHECKING:
    from fewrec.adapt import Finetuned
    from fewrec.adapt.trial import Paired

__all__ = ["page"]

TITLE = "Is the encoder better for your data once it is tuned?"


def page(found: Finetuned) -> str:
    """The whole page. Everything that comes from data is escaped; there is no script in it."""
    style = files("fewrec.evaluate.report").joinpath("style.css").read_text(encoding="utf-8")
    parts = [_top(found), _curves(found), _tests(found), _settings(found)]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{esc(TITLE)}</title>\n<style>\n{style}</style>\n</head>\n"
        "<body>\n<main>\n" + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"
    )


def _top(found: Finetuned) -> str:
    tiles = [
        (found.verdict, "what is served: the tuned encoder, or the frozen one"),
        (f"{found.best_epoch} of {len(found.epochs)}", "the epoch that counts, by validation"),
    ]
    for test, words in ((found.test, "new items"), (found.strangers, "new people")):
        if test is not None and test.users:
            tiles.append(
                (
                    f"{test.difference:+.4f}",
                    f"NDCG@10 for {words}, tuned less frozen (± {test.error:.4f}, one standard error)",
                )
            )
    boxes = "".join(
        f'<div class="tile"><b>{esc(number)}</b><span>{esc(words)}</span></div>' for number, words in tiles
    )
    return (
        f'<header><h1>{esc(TITLE)}</h1><p class="soft">{esc(found.mode)} by the loss {esc(found.loss)}, on '
        f'{esc(found.base_id)}</p><p class="verdict">{esc(found.why[0].upper() + found.why[1:])}</p>'
        f'<div class="tiles">{boxes}</div></header>'
    )


def _curves(found: Finetuned) -> str:
    if not found.epochs:
        return section("How it learned", soft("No epoch was run."))
    loss = [(epoch.epoch, epoch.loss) for epoch in found.epochs]
    marks = [(0, found.start), *((epoch.epoch, epoch.validation) for epoch in found.epochs)]
    told = [(epoch.epoch, epoch.accuracy) for epoch in found.epochs if epoch.accuracy is not None]
    apart = [
        (epoch.epoch, epoch.validation_loss) for epoch in found.epochs if epoch.validation_loss is not None
    ]
    drawn = [figure("Training loss", _curve(loss, found.best_epoch, "training loss by epoch"))]
    if apart:
        drawn.append(figure("Validation loss", _curve(apart, found.best_epoch, "validation loss by epoch")))
    drawn.append(
        figure(
            "NDCG@10 in validation",
            _curve(marks, found.best_epoch, "validation NDCG@10 by epoch", found.start),
        )
    )
    if told:
        drawn.append(
            figure("Likes and dislikes told apart", _curve(told, found.best_epoch, "accuracy by epoch"))
        )
    return section(
        "How it learned",
        soft(
            "Validation ranks items that tuning has not seen, for people whom it has not seen; the validation loss is "
            "that of such people. The dashed line is the frozen encoder; the filled dot is the epoch that counts."
        ),
        f'<div class="charts">{"".join(drawn)}</div>',
    )


def _curve(points: Sequence[tuple[int, float]], best: int, label: str, level: float | None = None) -> str:
    """One line over the epochs; ``level``: a value to compare with."""
    frame = Frame(left=52.0, right=16.0)
    values = [value for _, value in points]
    ticks = nice_ticks(min(values), max(values))
    first, last = points[0][0], points[-1][0]
    across, up = linear(first, last, *frame.x), linear(ticks[0], ticks[-1], *frame.y)
    whole = [int(tick) for tick in nice_ticks(first, last) if tick == int(tick) and first <= tick <= last]
    parts = [
        *frame.across(ticks, up),
        *frame.below([(tick, f"{tick}") for tick in whole], across, "epoch"),
    ]
    if level is not None:
        y = up(level)
        parts += [
            element(
                "line",
                class_="line",
                style="stroke:var(--popularity)",
                x1=frame.x[0],
                x2=frame.x[1],
                y1=y,
                y2=y,
            ),
            text(frame.x[1], y - 4, "frozen", class_="tick", text_anchor="end"),
        ]
    path = "M" + " L".join(f"{across(epoch):.1f},{up(value):.1f}" for epoch, value in points)
    parts.append(element("path", d=path, class_="line ours", style="stroke:var(--ours0);fill:none"))
    for epoch, value in points:
        chosen = epoch == best
        parts.append(
            element(
                "circle",
                element("title", f"epoch {epoch}: {value:.4f}"),
                cx=across(epoch),
                cy=up(value),
                r=5.0 if chosen else 2.5,
                style=f"fill:var(--{'ours0' if chosen else 'card'});stroke:var(--ours0)",
            )
        )
    return drawing(frame.width, frame.height, parts, label)


def _tests(found: Finetuned) -> str:
    from fewrec.adapt.trial import CERTAIN, WORSE

    rows = "".join(
        _row(words, test) for words, test in (("new items", found.test), ("new people", found.strangers))
    )
    heads = "<tr><th>ranked</th><th>frozen</th><th>tuned</th><th>difference</th><th>people</th></tr>"
    return section(
        "What decided",
        soft(
            "Inside the whole model, with encoders tuned anew without what is hidden: new items must be ahead by "
            f"{CERTAIN:g} standard errors and in two of three parts, and new people may not lose {WORSE:g}. What "
            "stands behind ± is one standard error of the difference, over people."
        ),
        f'<div class="wide"><table>{heads}{rows}</table></div>',
    )


def _row(words: str, test: Paired | None) -> str:
    if test is None or not test.enough:
        why = (
            f"too few people: {test.users}"
            if test is not None and test.users
            else "not asked: it was decided before"
        )
        return f'<tr><td>{esc(words)}</td><td class="words" colspan="4">{why}</td></tr>'
    kind = "better" if test.ahead else "worse" if test.behind else "even"
    return (
        f"<tr><td>{esc(words)}</td><td>{test.frozen:.4f}</td><td>{test.tuned:.4f}</td>"
        f'<td class="{kind}">{test.difference:+.4f} <span class="pm">± {test.error:.4f}</span></td>'
        f"<td>{test.users:,}</td></tr>"
    )


def _settings(found: Finetuned) -> str:
    from fewrec.cli.version import fewrec_version

    rows = [
        ("encoder", found.encoder.id),
        ("tuned from", found.base_id),
        ("mode", found.mode),
        ("loss", found.loss),
        *((name.replace("_", " "), value) for name, value in found.settings.items()),
        ("run time", f"{found.seconds:.0f} s"),
        ("fewrec", fewrec_version()),
    ]
    return section("How this was tuned", definitions(rows))
