"""When the training does what: four legs, counted in rounds and never by the clock."""

from dataclasses import dataclass
from itertools import accumulate

LEAST = 0.01  # the least share of their peak that the learning rates have
WARM = 0.25  # so many rounds the rates rise where the optimizers are fresh
WHOLE = 0.04  # the share, at the end of each leg, in which every token of a picture is looked at
SPARSE, SIXTH = 20, 6  # before so many rounds none else is whole, after them one batch in six
# So many rounds with words ask of each batch, then one batch in so many is asked of, in the last
# share of the coarse rounds each again: a question costs more than a look; words follow the eyes.
FIRST, RARE, ASKED = 2, 4, 0.2


@dataclass(frozen=True)
class Leg:
    """A part of the training at whose end the rates have fallen to nothing."""

    top: float  # the share of their peak that the rates have at first
    decay: float  # the share of its rounds, at the end, in which they fall
    lags: tuple[int, ...]  # a round deals the new shard and those of so many rounds ago
    others: float  # so many batches of others' pictures beside each drawn one with words
    smiles: float = 1.0  # what the values of a smile weigh in others' pictures
    corners: float = 1.0  # what unit 12 weighs in what the eyes see of those
    fresh: bool = False  # whether the optimizers forget what was before
    shown: float = 1.0  # the share of tokens shown of three in four batches of those
    saved: bool = False  # whether it starts from what a folder keeps of the weights, with new aids


LEGS = (
    Leg(top=1.0, decay=1 / 3, lags=(0, 7, 15), others=1 / 8),
    Leg(top=0.4, decay=1.0, lags=(0, 7), others=1 / 2, smiles=8.0),
    Leg(top=0.2, decay=1.0, lags=(0, 7), others=1, smiles=8.0, fresh=True, shown=0.4),
    Leg(
        top=0.4,
        decay=1.0,
        lags=(0,),
        others=3,
        smiles=8.0,
        corners=10.0,
        fresh=True,
        shown=0.8,
        saved=True,
    ),
)
MEMBERS = 2  # so often the last leg is learnt, each with a seed of its own; the mean is kept
LONGEST = max(lag for leg in LEGS for lag in leg.lags)


@dataclass(frozen=True)
class Schedule:
    """Coarse pictures, by the eyes and then with words; finer ones; parts of photographs; smiles.

    Photographs and 3-D heads make up more of each leg than of the one before.
    """

    eyes: int = 20
    words: int = 68
    fine: int = 10
    parts: int = 5
    smiles: int = 7  # each time

    @property
    def starts(self) -> tuple[int, ...]:
        """Return the first round of each leg, and the number of all rounds."""
        return (0, *accumulate((self.eyes + self.words, self.fine, self.parts, self.smiles)))

    @property
    def rounds(self) -> int:
        """Return the number of all rounds."""
        return self.starts[-1]

    def leg(self, now: float) -> int:
        """Return the leg at this time, in rounds: 0 to 3."""
        return sum(now >= start for start in self.starts[1:-1])

    def done(self, now: float) -> float:
        """Return the share of its leg that is done at this time."""
        begin, end = self.starts[self.leg(now) :][:2]
        return (now - begin) / (end - begin)

    def rate(self, now: float) -> float:
        """Return the share of their peak that the rates have."""
        leg = LEGS[self.leg(now)]
        rise = (now - self.starts[self.leg(now)]) / WARM if leg.fresh else 1.0
        return min(1.0, rise) * max(LEAST, leg.top * min(1.0, (1 - self.done(now)) / leg.decay))

    def whole(self, now: float, place: int) -> bool:
        """Tell whether the batch at this place of its round is looked at whole."""
        return self.done(now) > 1 - WHOLE or (now >= SPARSE and place % SIXTH == 0)

    def speaks(self, now: float) -> bool:
        """Tell whether words are learnt."""
        return now >= self.eyes

    def asks(self, now: float, place: int) -> bool:
        """Tell whether something is asked of the batch at this place of its round."""
        often = self.leg(now) > 0 or now < self.eyes + FIRST or self.done(now) > 1 - ASKED
        return self.speaks(now) and (often or place % RARE == 0)

    def lags(self, number: int) -> tuple[int, ...]:
        """Return how many rounds ago the shards that this round deals were new."""
        return LEGS[self.leg(number)].lags

    def others(self, number: int, own: int) -> int:
        """Return how many batches that we did not draw stand beside so many of our own."""
        return int(own * LEGS[self.leg(number)].others) if self.speaks(number) else 0
