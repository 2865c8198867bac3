"""`python -m readiness.relay --plan FILE --calls FILE --ready FILE`: one relay for one run of the gate."""

from __future__ import annotations

import argparse
import sys


def main(words: list[str] | None = None) -> int:
    """Exit codes: 0 stopped in order, 1 a call could not be written down, 2 it could not start."""
    parser = argparse.ArgumentParser(
        prog="python -m readiness.relay",
        description="The proxy between the checks of a run and their models.",
    )
    parser.add_argument("--plan", required=True, help="JSON: upstreams and routes")
    parser.add_argument("--calls", required=True, help="file that gets one JSON line for each call")
    parser.add_argument("--ready", required=True, help="file that gets {port, pid} once the relay listens")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0, the default: any free one")
    given = parser.parse_args(words)
    try:
        return _serve(given)
    except ImportError as error:
        print(f"relay: {error.name} is missing: install readiness[relay]", file=sys.stderr)
    except _faults() as error:
        print(f"relay: {error}", file=sys.stderr)
    return 2


def _serve(given: argparse.Namespace) -> int:
    import asyncio

    from readiness.relay.plan import load_plan
    from readiness.relay.server import serve

    return asyncio.run(serve(load_plan(given.plan), given.calls, given.ready, given.port))


def _faults() -> tuple[type[Exception], ...]:
    from readiness.relay.cassette import CassetteError
    from readiness.relay.plan import PlanError
    from readiness.relay.prices import PriceError

    return (PlanError, CassetteError, PriceError, OSError)


if __name__ == "__main__":
    sys.exit(main())
