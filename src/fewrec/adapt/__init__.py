"""An encoder and a data set -> a better encoder, or the same one where that is not certain."""

from fewrec.adapt.finetune import Finetuned, finetune

__all__ = ["Finetuned", "finetune"]
