"""Lists: for a user, for a stranger, similar items, an item's audience, the next question."""

from __future__ import annotations

from typing import Any

from fewrec.service.answers import envelope, to_json
from fewrec.service.endpoint import Ask, Endpoint, Reply
from fewrec.service.hub import Serving
from fewrec.service.schemas import ID, LIST, RULES, SUPPORT, N
from fewrec.store.events import check_cells, check_id

VISITOR = {
    "user": {**ID, "description": "Somebody in the store; left out for a stranger."},
    "support": SUPPORT,
    "taste": {
        "type": "string",
        "maxLength": 2000,
        "description": "A sentence in any language; kept nowhere.",
    },
    "attributes": {"type": "object", "maxProperties": 200, "description": "As in the columns of users."},
}
QUERY_RULES = {
    **{name: RULES[name] for name in ("n", "diversity", "include_seen", "explore", "explain")},
    "where": {**RULES["where"], "type": "string"},
}


def rules(asked: Any) -> dict[str, Any]:
    """The arguments of ``recommend`` that say which items, from a body or a query."""
    names = ("n", "where", "diversity", "include_seen", "boosts", "explore")
    found: dict[str, Any] = {"explain": asked.get("explain", False)}
    found |= {name: asked[name] for name in names if name in asked}
    for name in ("exclude", "pinned"):
        if name in asked:
            found[name] = [check_id(item, f"body.{name}") for item in asked[name]]
    return found


def rendered(answer: Any, serving: Serving, *, explain: bool) -> dict[str, Any]:
    """A list as JSON; ids are text."""
    told: dict[str, Any] = answer.to_dict()
    for row in told["recommendations"]:
        row["item"] = str(row["item"])
        if not explain:
            del row["reasons"]
    return {
        **told,
        "dropped": {name: int(count) for name, count in answer.dropped.items()},
        "model": serving.version.version,
    }


def for_user(ask: Ask) -> Reply:
    serving, user = ask.hub.now, check_id(ask.path["id"], "path.id")

    def make(visitor: dict[str, Any]) -> bytes:
        answer = serving.model.recommend(**visitor, **rules(ask.query))
        return to_json(envelope(rendered(answer, serving, explain=ask.query.get("explain", False))))

    return Reply(raw=ask.hub.remembered(serving, user, _asked(ask), make))


def for_user_at_once(ask: Ask) -> Reply | None:
    found = ask.hub.at_once(ask.hub.now, check_id(ask.path["id"], "path.id"), _asked(ask))
    return None if found is None else Reply(raw=found)


def _asked(ask: Ask) -> str:
    return repr(sorted(ask.query.items()))


def for_visitor(ask: Ask) -> Reply:
    serving = ask.hub.now
    answer = serving.model.recommend(**asked_visitor(ask, serving), **rules(ask.body))
    return Reply(rendered(answer, serving, explain=ask.body.get("explain", False)))


def asked_visitor(ask: Ask, serving: Serving) -> dict[str, Any]:
    """The arguments of ``recommend`` for whoever a body describes."""
    body = ask.body
    visitor: dict[str, Any] = {"support": None, "attributes": None}
    if "user" in body:
        visitor = ask.hub.visitor(serving, check_id(body["user"], "body.user"))
        visitor["on_unknown"] = "raise" if body.get("support") else "skip"
        known = serving.model.data.items
        visitor["support"] = {
            i: v for i, v in (visitor["support"] or {}).items() if known.get(i) is not None
        } or None
    support = body.get("support")
    if support:
        given = support if isinstance(support, dict) else dict.fromkeys(map(str, support), True)
        visitor["support"] = {**(visitor["support"] or {}), **given}
    if body.get("attributes"):
        given = check_cells(body["attributes"], "body.attributes")
        visitor["attributes"] = {**(visitor["attributes"] or {}), **given}
    if "taste" in body:
        visitor["taste"] = body["taste"]
    return visitor


def similar(ask: Ask) -> Reply:
    serving = ask.hub.now
    answer = serving.model.similar_items(check_id(ask.path["id"], "path.id"), n=ask.query.get("n", 10))
    return Reply(rendered(answer, serving, explain=ask.query.get("explain", False)))


def audience(ask: Ask) -> Reply:
    serving = ask.hub.now
    found = serving.model.audience(check_id(ask.path["id"], "path.id"), n=ask.query.get("n", 10)).to_dict()
    for row in found["audience"]:
        row["user"] = str(row["user"])
    return Reply({**found, "item": str(found["item"]), "model": serving.version.version})


def question(ask: Ask) -> Reply:
    serving = ask.hub.now
    visitor = asked_visitor(ask, serving)
    arguments: dict[str, Any] = {
        name: visitor[name] for name in ("user", "support", "on_unknown") if name in visitor
    }
    arguments |= {name: ask.body[name] for name in ("n", "where") if name in ask.body}
    if "exclude" in ask.body:
        arguments["exclude"] = [check_id(item, "body.exclude") for item in ask.body["exclude"]]
    found = rendered(serving.model.next_question(**arguments), serving, explain=True)
    rows = [{**{name: row[name] for name in ("item", "title", "rank", "score")}, "why": row["reasons"][0]["what"]}
            for row in found["recommendations"]]  # fmt: skip
    told = {name: found[name] for name in ("sure", "warnings", "model")}
    return Reply({"questions": rows, **told})


ENDPOINTS = (
    Endpoint(
        "GET", "/v1/users/{id}/recommendations", "read", for_user,
        "A list for a user, from all they did until this moment.", "lists",
        query=QUERY_RULES, reply=LIST, example={"path": {"id": "anna"}, "query": {"n": 5, "explain": "true"}},
        fails=(404, 503), at_once=for_user_at_once,
    ),
    Endpoint(
        "POST", "/v1/recommendations", "read", for_visitor,
        "A list for a stranger: from a few items, a sentence, attributes, or nothing at all. Nothing is kept.",
        "lists", reply=LIST, fails=(404, 503),
        body={"type": "object", "additionalProperties": False, "properties": {**VISITOR, **RULES}},
        example={"body": {"support": {"7": True}, "n": 3, "explain": True}},
    ),
    Endpoint(
        "GET", "/v1/items/{id}/similar", "read", similar, "Items that resemble one, in text and in who likes them.",
        "lists", query={"n": N, "explain": RULES["explain"]}, reply=LIST,
        example={"path": {"id": "7"}, "query": {"n": 3}}, fails=(404, 503),
    ),
    Endpoint(
        "GET", "/v1/items/{id}/audience", "write", audience,
        "Who should see an item, which may be new: users who have not met it, most likely to like it first.",
        "lists", query={"n": N}, example={"path": {"id": "7"}, "query": {"n": 3}}, fails=(404, 503), slow=True,
    ),
    Endpoint(
        "POST", "/v1/questions", "read", question,
        "What to ask somebody next: items whose answer is expected to settle most about the others.", "lists",
        body={"type": "object", "additionalProperties": False, "properties": {
            **{name: VISITOR[name] for name in ("user", "support")},
            **{name: RULES[name] for name in ("n", "where", "exclude")}}},
        example={"body": {"support": {"7": True}, "n": 1}}, fails=(404, 503),
    ),
)  # fmt: skip
