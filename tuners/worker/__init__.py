"""The worker: claims trials for its slots, watches both clocks of each, writes what trainers report.

`worker.Worker` runs the threads; `slot.SlotThread` looks after one trainer; `running.Running` is one claimed trial with
its clocks; `writing.Writer` makes every write under a lease and repeats it while the lease is good.
"""

from tuners.worker.worker import Worker

__all__ = ["Worker"]
