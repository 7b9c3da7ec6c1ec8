"""A load on an HTTP server from this process: plain sockets, kept open, so that the asking costs little.

``python -m benchmarks.service_load HOST PORT MIX CONNECTIONS RATE SECONDS`` prints JSON: requests, seconds, wrong
answers, and the milliseconds of each kind of request. RATE 0 asks again as soon as it is answered; otherwise requests
begin at fixed moments, and the time counts from there: a server that stalls is charged for all who would have come.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time

USERS, ITEMS = 2000, 10_000
KINDS = {
    "hello": (("hello", 1.0),),
    # Seven lists of users, one of a stranger, and two events of ten requests.
    "mixed": (("list", 0.7), ("stranger", 0.1), ("event", 0.2)),
    # One kind alone, for what each costs.
    "lists": (("list", 1.0),),
    "again": (("again", 1.0),),
    "strangers": (("stranger", 1.0),),
    "sentences": (("sentence", 1.0),),
    "events": (("event", 1.0),),
}
FEW = 20
"""Users whose lists the kind "again" asks for, so that all but the first of each are remembered."""
WORDS = (
    "slow",
    "dark",
    "warm",
    "clever",
    "old",
    "story",
    "love",
    "crime",
    "space",
    "music",
    "winter",
    "family",
)
"""What a stranger's sentence is made of."""


def request(kind: str, rng: random.Random) -> bytes:
    """One request as bytes."""
    user, item = rng.randrange(USERS), rng.randrange(ITEMS)
    if kind == "hello":
        return b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    if kind in ("list", "again"):
        user = user if kind == "list" else user % FEW
        return f"GET /v1/users/u{user}/recommendations HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    plain = {"support": [f"i{item}", f"i{rng.randrange(ITEMS)}"]}
    path = "/v1/recommendations"
    if kind == "sentence":
        plain = {"taste": " ".join(rng.choices(WORDS, k=6))}  # type: ignore[dict-item]
    elif kind == "event":
        plain = {"user": f"u{user}", "item": f"i{item}", "event": "rating", "value": rng.randint(1, 5)}  # type: ignore[dict-item]
        path = "/v1/interactions"
    body = json.dumps(plain).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def answered(reader: asyncio.StreamReader) -> int:
    """The status of the next answer, whose body is read."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    )
    await reader.readexactly(length)
    return int(head[9:12])


async def load(
    host: str, port: int, mix: str, connections: int, rate: float, seconds: float
) -> dict[str, object]:
    """What came of it."""
    times: dict[str, list[float]] = {}
    wrong = 0
    begin = time.perf_counter()
    turn = iter(range(10**9))  # shared: the moments at which requests begin

    async def one(number: int) -> None:
        nonlocal wrong
        rng = random.Random(number)
        kinds, shares = zip(*KINDS[mix], strict=True)
        reader, writer = await asyncio.open_connection(host, port)
        while True:
            kind = rng.choices(kinds, shares)[0]
            start = time.perf_counter()
            if rate:
                start = begin + next(turn) / rate
                wait = start - time.perf_counter()
                if wait > 0:
                    await asyncio.sleep(wait)
            if start - begin > seconds:
                break
            writer.write(request(kind, rng))
            wrong += await answered(reader) >= 300
            times.setdefault(kind, []).append(1000 * (time.perf_counter() - start))
        writer.close()

    await asyncio.gather(*(one(number) for number in range(connections)))
    taken = time.perf_counter() - begin
    return {"requests": sum(map(len, times.values())), "seconds": taken, "wrong": wrong, "times": times}


def main() -> None:
    """Prints what came of it."""
    host, port, mix, connections, rate, seconds = sys.argv[1:]
    found = asyncio.run(load(host, int(port), mix, int(connections), float(rate), float(seconds)))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
