"""Which hyperparameters matter, by either method."""

from __future__ import annotations

from tuners.analysis.wire import Importance, ImportanceQuestion


def importance(question: ImportanceQuestion) -> Importance:
    """The shares by the question's method, the largest first; the same question gives the same answer."""
    found = _shares(question)
    return Importance(
        effects=sorted(found.effects, key=lambda effect: (-effect.share, effect.name)),
        pairs=sorted(found.pairs, key=lambda pair: -pair.share),
    )


def _shares(question: ImportanceQuestion) -> Importance:
    # Each method has libraries of its own, which take a second and more to load: who waits for the first answer waits
    # for those of its method only.
    if question.method == "fanova":
        from tuners.analysis.regimes import fanova

        return fanova(question)
    from tuners.analysis.ped_anova import ped_anova

    return ped_anova(question)
