"""How much everybody and everything that an article mentions stands out, and who stands out from the others."""

from __future__ import annotations

from collections.abc import Mapping

LEAST = 0.1
"""What weighs less is too long ago."""
_FADING = 0.5
_AGAIN = 0.2


class Salience:
    """Adds up mentions: the weight of the strongest, and a little for each more."""

    def __init__(self) -> None:
        self._most: dict[int, float] = {}
        self._whole: dict[int, float] = {}

    def add(self, who: int, weight: float, sentences: int) -> None:
        """Counts a mention so many sentences back."""
        weight *= _FADING**sentences
        self._most[who] = max(self._most.get(who, 0.0), weight)
        self._whole[who] = self._whole.get(who, 0.0) + weight

    def scores(self) -> dict[int, float]:
        """Who -> how much."""
        return {who: most + _AGAIN * (self._whole[who] - most) for who, most in self._most.items()}


def outstanding(scores: Mapping[int, float], clear: float) -> int | None:
    """The one whose score is at least ``clear`` times the next one's and not too low, or None."""
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    if not ranked or ranked[0][1] < LEAST or (len(ranked) > 1 and ranked[0][1] < clear * ranked[1][1]):
        return None
    return ranked[0][0]
