"""Run every proof, or those named, and print a table. Exit code 1 where anything did not hold."""

import argparse
import importlib
import sys
from collections.abc import Iterator, Sequence

from tests.proof.results import Result, lines

# Each has `prove(seed, share)`, which gives results.
PROOFS = ("bundles",)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make proof", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *PROOFS], metavar="NAME")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="how much of all, 0 to 1")
    asked = parser.parse_args(arguments)
    results: list[Result] = []

    def each() -> Iterator[Result]:
        for name in asked.names or PROOFS:
            for result in importlib.import_module(f"tests.proof.{name}").prove(
                asked.seed, asked.share
            ):
                results.append(result)
                yield result

    print(f"seed {asked.seed}, {asked.share:.0%} of everything")
    for line in lines(each()):
        print(line, flush=True)
    return 0 if all(result.held for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
