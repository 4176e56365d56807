"""Learn the weights of rules from what people said; the text of a rule never changes."""

from nesy.learn.examples import Example, examples, predict
from nesy.learn.fit import Learned, fit

__all__ = ["Example", "Learned", "examples", "fit", "predict"]
