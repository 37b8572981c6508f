"""Rows of a table as windows over time.

Needs numpy alone, and no other module of ours: its text becomes part of programs that people take home.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def window_rows(
    rows: int, times: NDArray[Any] | None, groups: NDArray[Any] | None, *, length: int, horizon: int, stride: int
) -> tuple[Indices, Indices]:
    """Which rows make up each window, in time order, shape (windows, length), and which row gives its target.

    Args:
        rows: Of the part; windows are cut from these alone, so that none reaches into another part.
        times: Order the rows, shape (rows,); rows of one time, and all rows when None, keep the order they have.
        groups: Shape (rows,); no window reaches from one into another, and each window's target is of its group.
        length: Rows of a window.
        horizon: The target is that of the row so many steps after the window's last one. 0: there is no target, and the
            last row stands for it.
        stride: Rows between the beginnings of two windows of a group.
    """
    order = np.arange(rows) if times is None else np.argsort(times, kind="stable")
    members = [order]
    if groups is not None:
        order = order[np.argsort(groups[order], kind="stable")]
        members = np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
    windows, targets = [np.zeros((0, length), dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for each in members:
        starts = np.arange(0, len(each) - length - horizon + 1, stride)
        windows.append(each[starts[:, None] + np.arange(length)])
        targets.append(each[starts + length - 1 + horizon])
    return np.concatenate(windows), np.concatenate(targets)
