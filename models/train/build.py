"""Rebuilds models/data and models/checkpoints: python build.py [--scale X].

Runs one command after the other, each as one could by hand. Budgets are wall-clock seconds on one
thread each, so another machine takes as many seconds and sees more or fewer problems; the problems
themselves come from the seeds.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from corpus import write_splits
from train_prm import judge_path

HERE = Path(__file__).resolve().parent
CHECKPOINTS = HERE.parent / "checkpoints"
SMALL, LARGE, REWARD = (CHECKPOINTS / n for n in ("policy-0.4m", "policy-2m", "prm-3m"))


def run(script: str, *arguments) -> subprocess.Popen:
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    print(" ".join(command), flush=True)
    return subprocess.Popen(command)


def finish(process: subprocess.Popen) -> None:
    if process.wait() != 0:
        raise SystemExit(process.returncode)


def build(scale: float) -> None:
    write_splits()
    large = ("train_policy.py", "policy-2m")
    early = run(*large, 5340 * scale, LARGE, "--tokens", 3072, "--until", 0.28)
    small = ("train_policy.py", "policy-0.4m")
    finish(run(*small, 1140 * scale, SMALL, "--tokens", 2048, "--until", 0.582))
    finish(run(*small, 960 * scale, SMALL, "--start", SMALL, "--seed", 2, "--tokens", 2048,
               "--mix", "11112222233333334445", "--fall", 0.75, "--matrix-rate", 0.015))
    finish(early)
    late = run(*large, 3720 * scale, LARGE, "--start", LARGE, "--seed", 3, "--tokens", 3072,
               "--matrix-rate", 0.015)
    finish(late)
    reward = ("train_prm.py", "prm-3m")
    rates = ("--freeze", "--backbone", LARGE, "--matrix-rate", 0.02)
    finish(run(*reward, 1200 * scale, REWARD, *rates, "--seed", 2,
               "--policies", SMALL, SMALL, SMALL, LARGE))
    finish(run(*reward, 840 * scale, REWARD, *rates, "--seed", 3, "--top", REWARD,
               "--policies", SMALL, SMALL, LARGE))
    judge_path(REWARD).unlink()
    for split in ("calibration", "mini-500"):
        finish(run("evaluate.py", split, "--prm", REWARD, "--policies", SMALL, LARGE))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="times every wall-clock budget")
    build(parser.parse_args().scale)
