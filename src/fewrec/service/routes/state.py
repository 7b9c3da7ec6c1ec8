"""How the service is: alive, ready, what it has counted; and its own description."""

from __future__ import annotations

from fewrec.service.endpoint import Ask, Endpoint, Reply


def alive(ask: Ask) -> Reply:
    return Reply({"status": "ok"})


def ready(ask: Ask) -> Reply:
    ask.hub.store.seen()  # a database that cannot be reached is told by its own error
    serving = ask.hub.now
    return Reply({"status": "ready", "model": serving.version.version})


def openapi(ask: Ask) -> Reply:
    from fewrec.service.answers import to_json
    from fewrec.service.openapi import document

    return Reply(raw=to_json(document()))


def metrics(ask: Ask) -> Reply:
    return Reply(
        raw=ask.meter.text().encode() if ask.meter else b"", kind="text/plain; version=0.0.4; charset=utf-8"
    )


def report(ask: Ask) -> Reply:
    hub = ask.hub
    told = {
        "counts": hub.store.counts(),
        "seen": vars(hub.store.seen()),
        "model": None,
        "models": [version.to_dict() for version in hub.store.versions.all()[:20]],
        "data": None,
    }
    serving = hub.serving
    if serving is not None:
        data = serving.model.data
        told["model"] = serving.version.to_dict()
        told["data"] = {
            "feedback": data.feedback.describe(),
            "roles": [
                {"table": e.table, "column": e.column, "role": e.role, "how": e.how}
                for e in data.roles.entries
            ],
            "warnings": list(data.warnings),
            "health": hub.health(serving),
            "unused_events": serving.reading.unused,
            "reading": {**serving.reading.to_dict(), "rule": serving.reading.describe()},
        }
    last = hub.store.last_erasure()
    holding = [v for v in hub.store.versions.all() if v.status == "ready" and v.seq < last]
    told["erased"] = {
        "influenced_model": next(
            (v.version for v in holding if v.active and not hub.config.service.erase_at_once), None
        ),
        "models_to_delete": [version.version for version in holding],
    }
    if hub.trouble is not None:
        told["trouble"] = hub.trouble.to_dict()
    return Reply(told)


ENDPOINTS = (
    Endpoint("GET", "/healthz", "none", alive, "Whether the process answers.", "state"),
    Endpoint(
        "GET", "/readyz", "none", ready, "Whether a model answers, and the database.", "state", fails=(503,)
    ),
    Endpoint(
        "GET", "/openapi.json", "none", openapi, "This description.", "state", plain=("application/json",)
    ),
    Endpoint("GET", "/metrics", "read", metrics, "Counts for Prometheus.", "state", plain=("text/plain",)),
    Endpoint("GET", "/v1/report", "read", report, "Health of the data and of the model.", "state", slow=True),
)
