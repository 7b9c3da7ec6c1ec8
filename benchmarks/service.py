"""The service under load, written to benchmarks/SERVICE.md: one worker, 10,000 items, beside a bare "hello" of the same
framework.

scripts/bench service            seven minutes on an idle machine, ten at most: a bare framework, saturation, each kind
                                 of request alone, then half of saturation for 5 minutes with memory
scripts/bench service --quick    two minutes, to look at; SERVICE.md stays as it is

Needs two cores that do nothing else, and Linux (/proc tells the processor time and memory of the server).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import versions
from benchmarks.synthetic import shop, write

RESULTS = Path(__file__).resolve().with_name("SERVICE.md")
HELLO = """
import sys, uvicorn
from starlette.responses import Response
from starlette.routing import Route, Router

async def hello(request):
    return Response(b'{"data": "hello"}', media_type="application/json")

uvicorn.run(Router([Route("/", hello)]), port=int(sys.argv[1]), log_config=None, access_log=False, lifespan="off")
"""
CONNECTIONS = 8
FIT_SECONDS = 300
"""How long the first start may take, which reads the tables, encodes the texts and fits the model."""
COSTS = {
    "hello": "a bare hello",
    "mixed": "the mixed load",
    "again": "lists of few users, nearly all remembered",
    "strangers": "strangers' lists",
    "sentences": "strangers' sentences",
    "events": "events",
}
AIM_MS, AIM_SHARE = 25.0, 1 / 3


def asked(port: int, path: str) -> int | None:
    """The status of an answer, ``None`` where there is none."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def until_ready(port: int, path: str, process: subprocess.Popen[Any], within: float = 60) -> float:
    """Seconds until the path answers 200. Raises ``RuntimeError`` where it does not."""
    begin = time.perf_counter()
    while asked(port, path) != 200:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with exit code {process.returncode}")
        if time.perf_counter() - begin > within:
            raise RuntimeError(f"the server was not ready within {within:g} s")
        time.sleep(0.01)
    return time.perf_counter() - begin


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def processor_seconds(process: int) -> float:
    """Processor time that a process has used so far, in its own code and in the kernel (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(port: int, mix: str, connections: int, rate: float, seconds: float) -> dict[str, Any]:
    """One load from a second process."""
    line = [
        sys.executable,
        "-m",
        "benchmarks.service_load",
        "127.0.0.1",
        str(port),
        mix,
        str(connections),
        str(rate),
    ]
    out = subprocess.run(
        [*line, str(seconds)], check=True, capture_output=True, text=True, timeout=seconds + 60
    ).stdout
    found: dict[str, Any] = json.loads(out)
    return found


def costs(process: int, port: int, mix: str, seconds: float) -> tuple[float, dict[str, Any]]:
    """Milliseconds of the server's processor time for a request of ``mix`` at saturation, and the load."""
    before = processor_seconds(process)
    found = load(port, mix, CONNECTIONS, 0, seconds)
    return 1000 * (processor_seconds(process) - before) / found["requests"], found


def resident(process: int) -> float:
    """Megabytes of memory that a process holds now (Linux)."""
    text = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(re.findall(r"VmRSS:\s+(\d+)", text)[0]) / 1024


def percentiles(times: Sequence[float]) -> str:
    """p50, p95 and p99 in milliseconds."""
    return " / ".join(f"{value:.1f}" for value in np.percentile(times, [50, 95, 99]))


def measure(folder: Path, seconds: float, steady: float) -> dict[str, Any]:
    """All numbers."""
    items, ratings = shop(10_000, 2_000, 20)
    tables = [
        "--items",
        str(write(items, folder / "items.csv")),
        "--interactions",
        str(write(ratings, folder / "r.csv")),
    ]
    found: dict[str, Any] = {"interactions": len(ratings["user_id"])}
    port = free_port()
    hello = subprocess.Popen([sys.executable, "-c", HELLO, str(port)])
    try:
        until_ready(port, "/", hello)
        load(port, "hello", CONNECTIONS, 0, 1)
        found["cost"] = {}
        found["cost"]["hello"], bare = costs(hello.pid, port, "hello", seconds)
        found["hello"] = bare["requests"] / bare["seconds"]
    finally:
        hello.terminate()
        hello.wait()
    environment = {**os.environ, "FEWREC_SERVICE_RATE": "0"}
    # Untuned: tuning takes minutes, and changes what the signals weigh, not what a list costs.
    line = [sys.executable, "-m", "fewrec.cli", "serve", "-q", "--no-tune", "--cache", "off"]
    port = free_port()
    line += ["--data", str(folder / "data"), "--port", str(port)]
    with (folder / "log").open("w") as log:
        first = subprocess.Popen([*line, *tables], stderr=log, env=environment)
        try:
            until_ready(port, "/readyz", first, FIT_SECONDS)
        finally:
            first.terminate()
            first.wait()
        begin = time.perf_counter()
        server = subprocess.Popen(line, stderr=log, env=environment)
        try:
            until_ready(port, "/readyz", server)
            found["ready"] = time.perf_counter() - begin
            found["ready processor"] = processor_seconds(server.pid)
            load(port, "mixed", CONNECTIONS, 0, seconds)  # warm: most users have been asked for once
            found["cost"]["mixed"], full = costs(server.pid, port, "mixed", seconds)
            found["mixed"], found["wrong"] = full["requests"] / full["seconds"], full["wrong"]
            for kind in ("again", "strangers", "sentences", "events"):
                found["cost"][kind], alone = costs(server.pid, port, kind, seconds / 3)
                found["wrong"] += alone["wrong"]
            # Warm again: after thousands of events alone no list is remembered, and half the rate would be too much.
            load(port, "mixed", CONNECTIONS, 0, seconds)
            before, memory = resident(server.pid), []
            parts = max(int(steady / 30), 2)
            halves: dict[str, list[float]] = {}
            for _ in range(parts):
                half = load(port, "mixed", 32, found["mixed"] / 2, steady / parts)
                found["wrong"] += half["wrong"]
                memory.append(resident(server.pid))
                for kind, times in half["times"].items():
                    halves.setdefault(kind, []).extend(times)
            found |= {"before": before, "memory": memory, "half": halves, "steady": steady}
        finally:
            server.terminate()
            server.wait()
    return found


def table(found: dict[str, Any]) -> str:
    """The page."""
    lists = float(np.percentile(found["half"]["list"], 99))
    share = found["mixed"] / found["hello"]
    growth = found["memory"][-1] - found["memory"][len(found["memory"]) // 2]
    rows = [
        ("ready after the command, with a saved model", f"{found['ready']:.2f} s", "< 2 s", found["ready"] < 2),
        ("of that, processor time", f"{found['ready processor']:.2f} s", "", None),
        ("bare hello, requests a second", f"{found['hello']:,.0f}", "", None),
        ("mixed at saturation, requests a second", f"{found['mixed']:,.0f}", "", None),
        ("share of the bare framework", f"{share:.1%}", f"> {AIM_SHARE:.0%}", share > AIM_SHARE),
        ("a user's list at half of that, p50 / p95 / p99 ms", percentiles(found["half"]["list"]),
         f"p99 < {AIM_MS:g}", lists < AIM_MS),
        ("a stranger's list, p50 / p95 / p99 ms", percentiles(found["half"]["stranger"]), "", None),
        ("an event, p50 / p95 / p99 ms", percentiles(found["half"]["event"]), "", None),
        *((f"processor time of the server for {what}, ms a request", f"{found['cost'][kind]:.2f}", "", None)
          for kind, what in COSTS.items()),
        ("wrong answers", str(found["wrong"]), "0", found["wrong"] == 0),
        (f"memory after {found['steady']:.0f} s (at half of that)", f"{found['memory'][-1]:.0f} MB", "", None),
        ("growth in the second half", f"{growth:+.0f} MB", "< 10 MB", growth < 10),
    ]  # fmt: skip
    told = {None: "", True: "yes", False: "**no**"}
    lines = ["| what | measured | aim | met |", "|---|---|---|---|"]
    lines += [f"| {what} | {value} | {aim} | {told[met]} |" for what, value, aim, met in rows]
    return "\n".join(lines)


def main() -> None:
    """Measures, prints, and writes the page unless ``--quick``."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="two minutes; SERVICE.md stays as it is")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), 5 if quick else 15, 20 if quick else 300)
    page = table(found)
    print(page)
    print(
        "Memory, MB:", ", ".join(f"{one:.0f}" for one in [found["before"], *found["memory"]]), file=sys.stderr
    )
    if not quick:
        head = (
            f"# Service\n\n    scripts/bench service\n\nOne worker, SQLite on disk, 10,000 items, 2,000 users, "
            f"{found['interactions']:,} ratings, the encoder that a user gets, signals untuned. The load comes from a "
            f"second process: of ten requests seven lists of users, one of a stranger, two events. {versions()} "
            f"{platform.machine()}, {os.cpu_count()} cores, shared by server and load.\n\n"
        )
        RESULTS.write_text(f"{head}{page}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
