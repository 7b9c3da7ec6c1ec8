"""How much habits, text and chance decide in ratings: likelihood of users whom the factors have not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fewrec.errors import NumericalError

__all__ = ["PRIOR", "Stranger", "fit_strengths"]

Array = NDArray[np.float64]

PRIOR = np.array([1.0, 0.08, 0.15, 0.05, 0.65])
"""Prior medians of (habits, text, person, own, noise), in squared standard deviations of the ratings."""

PRIOR_LOG_SD = 0.7
FURTHEST = 5.0  # of a logarithm from its prior: exp overflows nowhere, matrices stay invertible
STEPS = 40


@dataclass(frozen=True)
class Stranger:
    """One user's ratings, seen through factors fitted without this user. ``M`` ratings."""

    residual: Array  # (M,) rating less mu + b_i
    habits: Array  # (M, R) V rows
    unseen: Array  # (M,) habits variance that V does not show
    text: Array  # (M, P) text features
    variance: Array  # (M,) of b_i


def fit_strengths(strangers: Sequence[Stranger]) -> Array:
    """(habits, text, person, own, noise): ``(5,)``, the posterior mode; the prior medians without strangers.

    Maximises ``sum_u log N(r_u; 0, K_u)`` plus log-normal priors (log-sd .7) over their logarithms::

        K_u = a (V V' + diag(unseen)) + b P P' + c + diag(variance + d + noise)

    The factors must not have seen the users: in-sample habits explain their own users too well, and 80 %
    intervals then cover 50 %.
    """
    start = np.log(PRIOR)
    if not strangers:
        return PRIOR.copy()
    most = max(len(stranger.residual) for stranger in strangers)
    residual = np.zeros((len(strangers), most))
    kernels = np.zeros((3, len(strangers), most, most))
    variance = np.zeros((len(strangers), most))
    real = np.zeros((len(strangers), most), dtype=bool)
    for row, stranger in enumerate(strangers):
        m = len(stranger.residual)
        residual[row, :m] = stranger.residual
        kernels[0, row, :m, :m] = stranger.habits @ stranger.habits.T + np.diag(stranger.unseen)
        kernels[1, row, :m, :m] = stranger.text @ stranger.text.T
        kernels[2, row, :m, :m] = 1.0
        variance[row, :m] = stranger.variance
        real[row, :m] = True
    eye = np.eye(most)

    def loss(logs: Array) -> tuple[float, Array]:
        strength = np.exp(logs)
        diagonal = np.where(real, variance + strength[3] + strength[4], 1.0)  # padding says nothing
        covariance = np.tensordot(strength[:3], kernels, 1) + diagonal[:, :, None] * eye
        inverse = np.linalg.inv(covariance)
        weighted = np.einsum("bij,bj->bi", inverse, residual)
        value = 0.5 * float((residual * weighted).sum() + np.linalg.slogdet(covariance)[1].sum())
        slope = inverse - weighted[:, :, None] * weighted[:, None, :]
        alone = 0.5 * float((np.einsum("bii->bi", slope) * real).sum())
        gradient = (
            np.array([*(0.5 * float((slope * kernel).sum()) for kernel in kernels), alone, alone]) * strength
        )
        off = (logs - start) / PRIOR_LOG_SD
        return value + 0.5 * float(off @ off), gradient + off / PRIOR_LOG_SD

    from scipy.optimize import minimize  # half a second that a loaded model need not spend

    bounds = [(centre - FURTHEST, centre + FURTHEST) for centre in start]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS})
    if not np.all(np.isfinite(found.x)):
        raise NumericalError(
            "the strengths of the rating model are not finite.", where="rating model", value=found.x.tolist()
        )
    return np.exp(found.x)
