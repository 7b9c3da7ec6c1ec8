"""How good are the lists, how sure is that, and what beats what: ``evaluate`` and its ``Evaluation``.

The walk of one evaluation::

    settings                        what is asked
    tasks -> splits, warm, splitsfile, twins
                                    who is tested, what is shown, what is looked for
    lineup -> systems, baselines, textbook
                                    who takes part, and how they are asked
    guard                           nobody who has seen the answers
    jobs, workers, keep             one fit each, here or elsewhere, kept when done
    measure -> lists, metrics, beyond, certainty, catalogue
                                    marks, person by person
    cells -> statistics             means, errors, comparisons, verdicts
    evaluation -> table, report     what people read

``fewrec.evaluate`` is this room and the function of the same name: Python gives the package one attribute for both,
whichever is imported first, so the module can be called. ``fewrec.evaluate(data)`` is ``evaluate(data)``.
"""

import inspect
import sys
from types import ModuleType
from typing import Any

from fewrec.evaluate.evaluation import Evaluation
from fewrec.evaluate.lineup import register_system, system_names
from fewrec.evaluate.run import evaluate
from fewrec.evaluate.settings import TASKS

__all__ = ["TASKS", "Evaluation", "evaluate", "register_system", "system_names"]


__signature__ = inspect.signature(evaluate)


class _Callable(ModuleType):
    def __call__(self, *arguments: Any, **settings: Any) -> Evaluation:
        return evaluate(*arguments, **settings)


sys.modules[__name__].__class__ = _Callable
