"""How strongly habits, text and the person count, learned from strangers."""

import numpy as np

from fewrec.fewshot.evidence import PRIOR, Stranger, fit_strengths


def test_strengths_stay_at_their_prior_without_evidence():
    np.testing.assert_array_equal(fit_strengths([]), PRIOR)
    nothing = Stranger(np.zeros(0), np.zeros((0, 2)), np.zeros(0), np.zeros((0, 1)), np.zeros(0))
    np.testing.assert_allclose(fit_strengths([nothing]), PRIOR, rtol=1e-6)


def test_strengths_of_users_with_different_lengths_are_those_of_each_alone():
    rng = np.random.default_rng(4)
    long, short = (
        Stranger(
            rng.normal(size=m),
            rng.normal(size=(m, 2)),
            rng.random(m),
            rng.normal(size=(m, 1)),
            np.full(m, 0.1),
        )
        for m in (9, 3)
    )

    def likelihood(strengths):
        total = 0.0
        for one in (long, short):
            covariance = strengths[0] * one.habits @ one.habits.T + strengths[1] * one.text @ one.text.T
            alone = strengths[0] * one.unseen + one.variance + strengths[3] + strengths[4]
            covariance += strengths[2] + np.diag(alone)
            total -= 0.5 * one.residual @ np.linalg.solve(covariance, one.residual)
            total -= 0.5 * np.linalg.slogdet(covariance)[1]
        return total - 0.5 * np.sum((np.log(strengths / PRIOR) / 0.7) ** 2)

    best = fit_strengths([long, short])
    for step in np.concatenate([np.eye(5), -np.eye(5)]) * 0.02:
        assert likelihood(best) >= likelihood(best * np.exp(step)) - 1e-6
