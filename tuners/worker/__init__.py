"""The worker: claims trials for its slots, watches both clocks of each, writes what trainers report.

`worker.Worker` runs the threads; `slot.SlotThread` follows the trials of one slot; `warm.WarmTrainer` is its trainer;
`running.Running` is one claimed trial with its clocks; `orders` makes what a trainer gets from a claim; `reports`
writes what it says, and `writing` repeats a write while the lease is good.
"""

from tuners.worker.worker import Worker

__all__ = ["Worker"]
