"""What the service has counted, in Prometheus' text form."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fewrec.service.gate import Passing
    from fewrec.service.hub import Hub

__all__ = ["Meter"]

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Meter:
    """Counts requests by route and status, and how long they took."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, str, int], int] = {}
        self._seconds: dict[tuple[str, str], list[float]] = {}  # counts between the bounds, then the sum

    def count(self, passing: Passing, status: int) -> None:
        """One request that was answered."""
        endpoint = passing.endpoint
        route = (endpoint.method, endpoint.path) if endpoint else ("", "none")
        seconds = time.perf_counter() - passing.began
        with self._lock:
            key = (*route, status)
            self._requests[key] = self._requests.get(key, 0) + 1
            row = self._seconds.setdefault(route, [0.0] * (len(BOUNDS) + 2))
            row[bisect_left(BOUNDS, seconds)] += 1
            row[-1] += seconds

    def text(self) -> str:
        """All counts."""
        lines = ["# HELP fewrec_requests_total Requests answered.", "# TYPE fewrec_requests_total counter"]
        with self._lock:
            for (method, route, status), count in sorted(self._requests.items()):
                lines.append(
                    f'fewrec_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
                )
            lines += [
                "# HELP fewrec_request_seconds How long answers took.",
                "# TYPE fewrec_request_seconds histogram",
            ]
            for (method, route), row in sorted(self._seconds.items()):
                name = f'method="{method}",route="{route}"'
                below = list(accumulate(row[:-1]))
                lines += [
                    f'fewrec_request_seconds_bucket{{{name},le="{bound:g}"}} {count:.0f}'
                    for bound, count in zip(BOUNDS, below[:-1], strict=True)
                ]
                lines.append(f'fewrec_request_seconds_bucket{{{name},le="+Inf"}} {below[-1]:.0f}')
                lines.append(f"fewrec_request_seconds_count{{{name}}} {below[-1]:.0f}")
                lines.append(f"fewrec_request_seconds_sum{{{name}}} {row[-1]:.6f}")
        lines += self._gauges()
        return "\n".join(lines) + "\n"

    def _gauges(self) -> list[str]:
        serving, seen = self._hub.serving, self._hub.store.seen()
        gauges = {
            "fewrec_ready": ("Whether a model answers.", int(serving is not None)),
            "fewrec_model_version": ("The version that answers.", serving.version.version if serving else 0),
            "fewrec_data_seq": ("Grows with every write to items, users or interactions.", seen.data),
            "fewrec_model_data_seq": ("fewrec_data_seq of the fit.", serving.version.seq if serving else 0),
        }
        return [
            line
            for name, (what, value) in gauges.items()
            for line in (f"# HELP {name} {what}", f"# TYPE {name} gauge", f"{name} {value}")
        ]
