"""The Gaussian process of Keras Tuner's Bayesian search, with its one kernel parameter fitted by a scan.

Source: Rasmussen, Williams (2006), "Gaussian Processes for Machine Learning", ISBN 0-262-18253-X: algorithm 2.1, eq.
4.17 (Matern, nu = 5/2), eq. 5.8 (marginal likelihood). The model is scikit-learn's
`GaussianProcessRegressor(Matern(nu=2.5), alpha=alpha, normalize_y=True)`. We differ in the fit: with a single length
scale the likelihood is a curve, so it is walked along once and refined around its highest point. That needs no random
restarts, finds the same maximum every time, and depends on nothing but the data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize_scalar
from scipy.spatial.distance import cdist

Floats = NDArray[np.float64]

_SQRT5 = math.sqrt(5.0)
# scikit-learn's bounds are 1e-5 and 1e5. In the unit cube the likelihood is flat beyond the inner ones (all points
# unrelated, all points alike), so that only its ends are looked at there.
_LOG_SCALES = np.log(np.concatenate(([1e-5], np.logspace(-2.0, 2.0, 17), [1e5])))
_TINY_VARIANCE = 1e-12


def matern(distances: Floats, length_scale: float) -> Floats:
    """Covariances for euclidean distances, same shape; 1 at distance 0."""
    scaled = distances * (_SQRT5 / length_scale)
    covariances: Floats = (1.0 + scaled + scaled * scaled / 3.0) * np.exp(-scaled)
    return covariances


@dataclass(frozen=True)
class GaussianProcess:
    """A process conditioned on points. Scores are in normalised units inside, in units of the objective outside.

    Attributes:
        x: Points in the unit cube, shape (n, d).
        length_scale: Of the kernel, in units of the cube.
        mean, scale: Of the scores it was fitted to: `normalised = (score - mean) / scale`.
        alpha: Variance of the noise, in normalised units.
    """

    x: Floats
    length_scale: float
    mean: float
    scale: float
    alpha: float
    _normalised: Floats
    _cholesky: Floats
    _weights: Floats

    @classmethod
    def fitted(cls, x: Floats, y: Floats, *, alpha: float) -> GaussianProcess:
        """The process with the length scale that makes `y` likeliest.

        Args:
            x: Shape (n, d), n >= 1, d >= 1, in the unit cube.
            y: Shape (n,), finite.
            alpha: Greater than 0.
        """
        mean, deviation = float(y.mean()), float(y.std())
        # Equal scores have rounding for a deviation; dividing by it would make noise of nothing.
        scale = deviation if deviation > 10 * np.finfo(np.float64).eps * max(1.0, abs(mean)) else 1.0
        normalised = (y - mean) / scale
        distances = cdist(x, x)

        def cost(log_scale: float) -> float:
            return -_log_likelihood(distances, normalised, length_scale=math.exp(log_scale), alpha=alpha)

        costs = [cost(each) for each in _LOG_SCALES]
        best = int(np.argmin(costs))
        low, high = _LOG_SCALES[max(best - 1, 0)], _LOG_SCALES[min(best + 1, len(_LOG_SCALES) - 1)]
        refined = minimize_scalar(cost, bounds=(low, high), method="bounded", options={"xatol": 1e-3})
        log_scale = float(refined.x) if refined.fun <= costs[best] else float(_LOG_SCALES[best])
        return cls._conditioned(
            x, normalised, length_scale=math.exp(log_scale), mean=mean, scale=scale, alpha=alpha, distances=distances
        )

    def with_points(self, x: Floats, y: Floats) -> GaussianProcess:
        """The process conditioned on more points; length scale and normalisation stay."""
        return self._conditioned(
            np.vstack((self.x, x)),
            np.concatenate((self._normalised, (y - self.mean) / self.scale)),
            length_scale=self.length_scale,
            mean=self.mean,
            scale=self.scale,
            alpha=self.alpha,
            distances=None,
        )

    @property
    def log_likelihood(self) -> float:
        """The log marginal likelihood of the normalised scores."""
        half_log_det = float(np.log(np.diag(self._cholesky)).sum())
        n = len(self._normalised)
        return float(-0.5 * self._normalised @ self._weights - half_log_det - 0.5 * n * math.log(2.0 * math.pi))

    def predict(self, x: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation at each of the points (m, d), both of shape (m,), in units of the objective."""
        covariances = matern(cdist(x, self.x), self.length_scale)
        reduced = solve_triangular(self._cholesky, covariances.T, lower=True, check_finite=False)
        variance = np.maximum(1.0 - np.einsum("ij,ij->j", reduced, reduced), _TINY_VARIANCE)
        return covariances @ self._weights * self.scale + self.mean, np.sqrt(variance) * self.scale

    def lower_bound(self, x: Floats, *, beta: float) -> Floats:
        """`mean - beta * deviation` at each of the points: what Keras Tuner minimises (its name for it is UCB)."""
        mean, deviation = self.predict(x)
        bound: Floats = mean - beta * deviation
        return bound

    def lower_bound_slope(self, point: Floats, beta: float) -> tuple[float, Floats]:
        """The bound in normalised units at one point (d,) and its gradient there, for a gradient search."""
        offsets = point - self.x
        scaled = np.sqrt(np.einsum("ij,ij->i", offsets, offsets)) * (_SQRT5 / self.length_scale)
        decay = np.exp(-scaled)
        covariances = (1.0 + scaled + scaled * scaled / 3.0) * decay
        slopes = (-5.0 / (3.0 * self.length_scale**2)) * ((1.0 + scaled) * decay)[:, None] * offsets
        solved = cho_solve((self._cholesky, True), covariances, check_finite=False)
        deviation = math.sqrt(max(1.0 - float(covariances @ solved), _TINY_VARIANCE))
        gradient: Floats = slopes.T @ self._weights + (beta / deviation) * (slopes.T @ solved)
        return float(covariances @ self._weights) - beta * deviation, gradient

    @classmethod
    def _conditioned(
        cls,
        x: Floats,
        normalised: Floats,
        *,
        length_scale: float,
        mean: float,
        scale: float,
        alpha: float,
        distances: Floats | None,
    ) -> GaussianProcess:
        covariances = matern(cdist(x, x) if distances is None else distances, length_scale)
        factor = _factor(covariances, alpha)
        weights = cho_solve((factor, True), normalised, check_finite=False)
        return cls(x, length_scale, mean, scale, alpha, normalised, factor, weights)


def _factor(covariances: Floats, alpha: float) -> Floats:
    """The Cholesky factor with `alpha` on the diagonal, or with as much more as the rounding asks for."""
    diagonal = np.diag_indices_from(covariances)
    for noise in (alpha, *(alpha + 10.0**exponent for exponent in range(-12, -3))):
        noisy = covariances.copy()
        noisy[diagonal] += noise
        try:
            factor: Floats = cholesky(noisy, lower=True, check_finite=False)
        except LinAlgError:
            continue
        return factor
    raise LinAlgError("The covariances are not positive definite even with noise.")


def _log_likelihood(distances: Floats, y: Floats, *, length_scale: float, alpha: float) -> float:
    """Of normalised scores; minus infinity where the matrix is numerically singular."""
    covariances = matern(distances, length_scale)
    covariances[np.diag_indices_from(covariances)] += alpha
    try:
        factor = cholesky(covariances, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError:
        return -math.inf
    reduced = solve_triangular(factor, y, lower=True, check_finite=False)
    return float(-0.5 * reduced @ reduced - np.log(np.diag(factor)).sum() - 0.5 * len(y) * math.log(2.0 * math.pi))
