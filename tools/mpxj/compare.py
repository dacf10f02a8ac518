"""Compares vsm's schedules with those of MPXJ's MicrosoftScheduler on random networks, to the minute.

Exit code 0: no difference; 1: differences, of which the first ones are printed as small as they get. See README.md.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from differences import ERROR, FIELDS, Difference, differences, features
from expected import check
from networks import FEATURES, UNLIKE_THE_PEER, random_network
from peer import Mpxj, Vsm
from shrink import shrink

Json = dict[str, Any]
_BATCH = 250
"""How many networks vsm is asked about at once."""


class Comparison:
    """Both sides, and what was counted so far."""

    def __init__(self, vsm: Vsm, mpxj: Mpxj) -> None:
        self._vsm = vsm
        self._mpxj = mpxj
        self.networks = 0
        self.activities = 0
        self.given_up = 0
        self.fields: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.differing: Counter[str] = Counter()

    def differences(self, network: Json) -> list[Difference]:
        """What the two sides disagree in, without counting it."""
        [vsm], [mpxj] = self._vsm.answers([network]), self._mpxj.answers([network])
        return differences(vsm, mpxj)

    def count(self, networks: list[Json]) -> list[list[Difference]]:
        """The same for each of many networks, counted."""
        answers = zip(networks, self._vsm.answers(networks), self._mpxj.answers(networks), strict=True)
        return [self._count(network, vsm, mpxj) for network, vsm, mpxj in answers]

    def _count(self, network: Json, vsm: Json, mpxj: Json) -> list[Difference]:
        found = differences(vsm, mpxj)
        self.networks += 1
        self.activities += len(network["activities"])
        self.given_up += ERROR in mpxj
        self.fields.update(one.field for one in found)
        self.seen.update(features(network) | {"any"})
        self.differing.update(features(network) | {"any"} if found else set())
        return found

    def smallest(self, network: Json, found: list[Difference]) -> Json:
        """The smallest network that differs in one of the same fields."""
        fields = {one.field for one in found}
        return shrink(network, lambda smaller: any(one.field in fields for one in self.differences(smaller)))

    def report(self) -> Iterator[str]:
        """The counts as lines: values by field, networks by feature."""
        yield f"{self.networks} networks, {self.activities} activities; MPXJ gave up on {self.given_up}"
        yield "values that differ"
        yield from (f"  {field:24}{self.fields[field]:8}" for field in [*FIELDS, ERROR])
        yield "networks that differ, of those with the feature"
        yield from (f"  {name:24}{self.differing[name]:8} of {self.seen[name]}" for name in sorted(self.seen))


def main(arguments: list[str]) -> int:
    """Runs what the command line asks for."""
    options = _options(arguments)
    chosen = _chosen(options)
    if options.show is not None:
        print(json.dumps(random_network(options.seed, options.show, chosen), indent=1))
        return 0
    with Mpxj(milestones=not options.no_milestones) as mpxj:
        if options.check:
            return _check(options.check, mpxj)
        comparison = Comparison(Vsm(shlex.split(options.vsm)), mpxj)
        return _compare(comparison, _networks(options, chosen), options.cases)


def _check(path: str, mpxj: Mpxj) -> int:
    worked = json.loads(Path(path).read_text("utf-8"))
    wrong = _print_all(check(worked, mpxj))
    print(f"{len(worked['expected'])} activities, {'not ' if wrong else ''}all as expected")
    return wrong


def _compare(comparison: Comparison, networks: Iterator[tuple[str, Json]], cases: int) -> int:
    differing = 0
    while batch := list(islice(networks, _BATCH)):
        for (name, network), found in zip(batch, comparison.count([one for _, one in batch]), strict=True):
            differing += bool(found)
            if found and differing <= cases:
                smallest = comparison.smallest(network, found)
                print(f"network {name} differs in {len(found)} values; the smallest part of it that still differs:")
                print(json.dumps(smallest))
                _print_all(map(str, comparison.differences(smallest)))
    _print_all(comparison.report())
    return int(differing > 0)


def _networks(options: argparse.Namespace, chosen: set[str]) -> Iterator[tuple[str, Json]]:
    """The networks of the files, or else the random ones, each with a name by which it is found again."""
    for path in options.files:
        for number, line in enumerate(Path(path).read_text("utf-8").splitlines()):
            yield f"{path}:{number + 1}", json.loads(line)
    if not options.files:
        for number in range(options.first, options.first + options.networks):
            yield f"{options.seed}/{number}", random_network(options.seed, number, chosen)


def _chosen(options: argparse.Namespace) -> set[str]:
    chosen = set(options.only) if options.only is not None else set(FEATURES) - UNLIKE_THE_PEER
    return (chosen | set(options.also)) - set(options.without)


def _print_all(lines: Iterable[str]) -> int:
    """Prints the lines; 1 if there were any, else 0."""
    count = 0
    for line in lines:
        print(line)
        count += 1
    return int(count > 0)


def _options(arguments: list[str]) -> argparse.Namespace:
    listed = "\n".join(f"  {name:24}{what}" for name, what in FEATURES.items())
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=f"features:\n{listed}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", help="networks to compare, one JSON object a line, instead of random ones")
    parser.add_argument("--vsm", default="target/release/examples/schedule_lines", help="the command that runs vsm")
    parser.add_argument("--networks", type=int, default=1000, help="how many random networks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first network")
    parser.add_argument("--cases", type=int, default=3, help="how many differing networks to shrink and print")
    _add_features(parser, "--only", None, "use nothing but these features")
    _add_features(parser, "--also", [], "use these features too")
    _add_features(parser, "--without", [], "use none of these features")
    parser.add_argument("--no-milestones", action="store_true", help="don't flag zero durations as milestones in MPXJ")
    parser.add_argument("--show", type=int, metavar="NUMBER", help="print the random network of that number, and end")
    parser.add_argument("--check", metavar="FILE", help="compare MPXJ with the dates and float of a worked network")
    return parser.parse_args(arguments)


def _add_features(parser: argparse.ArgumentParser, name: str, default: list[str] | None, meaning: str) -> None:
    parser.add_argument(name, nargs="*", default=default, choices=FEATURES, metavar="FEATURE", help=meaning)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
